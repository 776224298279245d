// The oracle that our head parser is compared against in tests. No product target may depend on it.
#pragma once
#include <http_parser.h>

// Where a part of a parsed URL stands; its field_data is an array of unnamed structs, which Swift cannot import.
// -1 when the URL has no such part.
static inline int32_t shoal_url_part(const struct http_parser_url *url, enum http_parser_url_fields field,
                                     int32_t *length) {
  if (!(url->field_set & (1 << field))) return -1;
  *length = url->field_data[field].len;
  return url->field_data[field].off;
}
