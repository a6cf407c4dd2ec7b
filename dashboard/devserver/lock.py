"""One `up` per data folder."""

import fcntl

from dashboard.devserver.paths import Places


class Lock:
    """Held for as long as its process lives; the kernel lets go of it, however that ends."""

    def __init__(self, places: Places) -> None:
        self._file = (places.data / "up.lock").open("a+")

    def take(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self.write("")
        return True

    def release(self) -> None:
        self._file.close()

    def write(self, words: str) -> None:
        """Write the address for an `up` that starts while this one runs."""
        self._file.truncate(0)
        self._file.write(words)
        self._file.flush()

    def read(self) -> str:
        self._file.seek(0)
        return self._file.read().strip()
