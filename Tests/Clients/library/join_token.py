#!/usr/bin/python3
"""join_token.py FIELD VALUE: the invitation on the standard input with one field changed and a right checksum.

FIELD is expires (VALUE: seconds to add), secret or id (VALUE ignored: a bit of it is turned over), address (VALUE:
HOST:PORT, the only one then), or fleet (VALUE: 64 hex digits).
"""

import sys
import zlib

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PREFIX = "shoal1"
FLEET, ID, SECRET, EXPIRES = slice(0, 32), slice(32, 40), slice(40, 56), slice(56, 60)


def decode(text):
    bits = "".join(f"{ALPHABET.index(letter):05b}" for letter in text)
    return bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits) - 7, 8))


def encode(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(ALPHABET[int(bits[at:at + 5], 2)] for at in range(0, len(bits), 5))


def counted(text):
    return len(text).to_bytes(2, "big") + text


def main(field, value):
    token = sys.stdin.read().strip()
    if not token.startswith(PREFIX):
        return f"no invitation: {token}"
    rest = bytearray(decode(token[len(PREFIX):])[2:-4])
    if field == "expires":
        rest[EXPIRES] = (int.from_bytes(rest[EXPIRES], "big") + int(value)).to_bytes(4, "big")
    elif field == "secret":
        rest[SECRET.start] ^= 1
    elif field == "id":
        rest[ID.start] ^= 1
    elif field == "fleet":
        rest[FLEET] = bytes.fromhex(value)
    elif field == "address":
        rest[EXPIRES.stop:] = counted(value.encode())
    else:
        return f"no field {field}"
    whole = counted(bytes(rest))
    print(PREFIX + encode(whole + zlib.crc32(whole).to_bytes(4, "big")))
    return 0


sys.exit(main(*sys.argv[1:]))
