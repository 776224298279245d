/// What `shoal version` says; the CHANGELOG's newest heading.
let shoalVersion = "0.2.0"
