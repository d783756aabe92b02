"""Automaton: all parts of one text at once, through which another is read to see which of its parts stand in the first.

The suffix automaton of Blumer et al. (1985, Theoretical Computer Science 40): at most two states a character, and a step or two
for each character that is read, however often either text says the same again.
"""

# W characters of the text, V states


class Automaton:
    """The parts of one text, and the longest ending at each state that was met in what was read since."""

    def __init__(self, text: str) -> None:
        """Take the text, of W characters: the states take some hundred bytes for each."""
        self._steps: list[dict[str, int]] = [
            {}
        ]  # of each state: character → the state of the part that is longer by it
        self._link = [-1]  # the state of the longest end of its parts that stands in further places of the text
        self._size = [0]  # characters of its longest part
        self._ends_W: list[int] = []  # the state of all that begins the text and ends here
        for character in text:
            self._ends_W.append(self._extend(character))
        self._met_V = [0] * len(self._size)

    def read(self, text: str, state: int = 0, size: int = 0) -> tuple[int, int]:
        """Read a text, from the state and the size that the one before it ended with; return those that it ends with."""
        steps, link, sizes, met_V = self._steps, self._link, self._size, self._met_V
        for character in text:
            while state and character not in steps[state]:
                state = link[state]
                size = sizes[state]
            further = steps[state].get(character)
            if further is not None:
                state, size = further, size + 1
                if size > met_V[state]:
                    met_V[state] = size
        return state, size

    def longest(self) -> list[int]:
        """Return for each character how long the longest part is that ends with it and was read [W]."""
        met_V, link, sizes = self._met_V, self._link, self._size
        order = sorted(range(1, len(sizes)), key=sizes.__getitem__)
        for state in reversed(order):  # whoever read a part has read its ends
            if met_V[state] and link[state]:
                met_V[link[state]] = sizes[link[state]]
        reached_V = [*met_V]
        for state in order:
            reached_V[state] = met_V[state] or reached_V[link[state]]
        return [reached_V[state] for state in self._ends_W]

    def _extend(self, character: str) -> int:
        """Make the state of all that was taken so far with one more character, and return it."""
        before = self._ends_W[-1] if self._ends_W else 0
        new = self._add({}, 0, self._size[before] + 1)
        while before != -1 and character not in self._steps[before]:
            self._steps[before][character] = new
            before = self._link[before]
        if before != -1:
            self._link[new] = self._between(before, character)
        return new

    def _between(self, before: int, character: str) -> int:
        """Return the state of the longest part at `before` and a character; of one that has longer parts, another is made."""
        after, size = self._steps[before][character], self._size[before] + 1
        if self._size[after] == size:
            return after
        between = self._add(dict(self._steps[after]), self._link[after], size)
        self._link[after] = between
        while before != -1 and self._steps[before].get(character) == after:
            self._steps[before][character] = between
            before = self._link[before]
        return between

    def _add(self, steps: dict[str, int], link: int, size: int) -> int:
        self._steps.append(steps)
        self._link.append(link)
        self._size.append(size)
        return len(self._size) - 1
