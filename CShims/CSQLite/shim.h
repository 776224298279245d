// SQLite as Debian ships it. The destructor constants are casts that Swift cannot import.
#pragma once
#include <sqlite3.h>

static inline sqlite3_destructor_type shoal_sqlite_transient(void) { return SQLITE_TRANSIENT; }
static inline sqlite3_destructor_type shoal_sqlite_static(void) { return SQLITE_STATIC; }
