// The oracle that our head parser is compared against in tests. No product target may depend on it.
#pragma once
#include <http_parser.h>
