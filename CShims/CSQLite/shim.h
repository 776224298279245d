// SQLite as Debian ships it. What Swift cannot import (casts, variadic functions) is wrapped here; no logic.
#pragma once
#include <sqlite3.h>

static inline sqlite3_destructor_type shoal_sqlite_transient(void) { return SQLITE_TRANSIENT; }
static inline sqlite3_destructor_type shoal_sqlite_static(void) { return SQLITE_STATIC; }

// Refuses SQL that could corrupt the file deliberately (writable_schema and the like). Returns SQLite's result code.
static inline int shoal_sqlite_set_defensive(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}
