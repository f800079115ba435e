"""Running sums of block heights: changes and look-ups in the logarithm of the number of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_FEW = 16


class Heights:
    """A Fenwick tree over the heights of all blocks, in lines."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._sum_up(list(heights))

    def _sum_up(self, values: list[int]) -> None:
        self._values = values
        self._tree = [0, *self._values]
        for at in range(1, len(self._tree)):
            above = at + (at & -at)
            if above < len(self._tree):
                self._tree[above] += self._tree[at]
        self.total = sum(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> int:
        return self._values[index]

    def first(self, count: int) -> list[int]:
        """The heights of the first ``count`` blocks."""
        return self._values[:count]

    def append(self, height: int) -> None:
        at = len(self._tree)
        self._values.append(height)
        node, child = height, at - 1
        while child > at - (at & -at):
            node += self._tree[child]
            child -= child & -child
        self._tree.append(node)
        self.total += height

    def extend(self, heights: Sequence[int]) -> None:
        """Adds many at once, in less time than one by one."""
        if len(heights) < _FEW:
            for height in heights:
                self.append(height)
        else:
            self._sum_up([*self._values, *heights])

    def set(self, index: int, height: int) -> None:
        delta = height - self._values[index]
        if not delta:
            return
        self._values[index] = height
        self.total += delta
        at = index + 1
        while at < len(self._tree):
            self._tree[at] += delta
            at += at & -at

    def before(self, index: int) -> int:
        """Lines above block ``index``."""
        result = 0
        while index > 0:
            result += self._tree[index]
            index -= index & -index
        return result

    def find(self, line: int) -> tuple[int, int]:
        """The block that holds ``line``, and the line's place in it; past the end, the last block."""
        at, rest = 0, max(line, 0)
        step = 1 << len(self._values).bit_length()
        while step:
            following = at + step
            if following < len(self._tree) and self._tree[following] <= rest:
                at = following
                rest -= self._tree[following]
            step >>= 1
        if at >= len(self._values):
            last = max(len(self._values) - 1, 0)
            return last, self._values[last] if self._values else 0
        return at, rest
