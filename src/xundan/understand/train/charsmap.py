"""The normaliser's table in SentencePiece's precompiled form, which `tokenizers` reads.

The form (sentencepiece, `normalizer.cc`): the size of a double array, the double array (darts-clone's units of 32 bits:
bits 0-7 label, bit 8 has a leaf, bits 10-30 offset to the children, which sit at base XOR label; a leaf holds its value
with bit 31 set), then the replacements, each ended by a NUL. Keys are UTF-8 bytes, values places of replacements.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np

UNITS = 1 << 17
_Trie = dict[int | None, Any]


def charsmap(normal: dict[int, tuple[int, ...]]) -> str:
    """Base64 of the precompiled table that replaces a code point by others."""
    replacements, places, trie = bytearray(), {}, _Trie()
    for code, becomes in normal.items():
        value = "".join(map(chr, becomes)).encode()
        if value not in places:
            places[value] = len(replacements)
            replacements += value + b"\0"
        _insert(trie, chr(code).encode(), places[value])
    array = _DoubleArray()
    array.place(trie, 0)
    units = array.units()
    return base64.b64encode(struct.pack("<I", len(units)) + units + bytes(replacements)).decode()


def _insert(trie: _Trie, key: bytes, value: int) -> None:
    for byte in key:
        trie = trie.setdefault(byte, {})
    trie[None] = value


class _DoubleArray:
    def __init__(self) -> None:
        self._units = np.zeros(UNITS, np.uint64)
        self._used = np.zeros(UNITS, bool)
        self._used[0] = True
        self._next = 1

    def place(self, node: _Trie, at: int) -> None:
        """Put the children of the node at `at` where all their places are free, then theirs."""
        labels = sorted(0 if label is None else label for label in node)
        base = self._next
        while self._used[base] or any(self._used[base ^ label] for label in labels) or not base ^ at:
            base += 1
        self._used[[base, *(base ^ label for label in labels)]] = True
        leaf = None in node
        self._units[at] = int(self._units[at]) & 0xFF | (base ^ at) << 10 | leaf << 8
        if leaf:
            self._units[base] = 1 << 31 | node[None]
        for label in node:
            if label is not None:
                self._units[base ^ label] = label
        for label, child in node.items():
            if label is not None:
                self.place(child, base ^ label)
        while self._used[self._next]:
            self._next += 1

    def units(self) -> bytes:
        top = (int(np.nonzero(self._used)[0].max()) | 255) + 1
        return self._units[:top].astype("<u4").tobytes()
