"""`Process`: a worker as the battery sees it, which may hang or die without harm."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any, Final

START: Final = 120.0
"""Seconds that a library may take to import and to find its device."""


class GoneError(Exception):
    """The process ended, or was ended after its time; the message says which."""


class Process:
    """One library in a process of its own, in a session of its own with what it starts."""

    def __init__(self, library: str, device: str, environment: Mapping[str, str]) -> None:
        self.library = library
        # To a file: a pipe that nobody reads would stop what prints a lot.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "xgpu.bench.worker", library, device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        self._answers: queue.Queue[bytes] = queue.Queue()
        #: Answers that are to come; the first says whether the library is there.
        self.waiting: int = 1
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(b"")

    def ask(self, do: str, **arguments: Any) -> None:
        """Send a request; `answer` has what comes back."""
        assert self._process.stdin is not None
        self.waiting += 1
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return  # it has ended, as the answer will tell

    def answer(self, seconds: float) -> dict[str, Any]:
        """The answer to the oldest request without one.

        Raises:
            GoneError: none came in time, or the process has ended; it is gone then.
        """
        try:
            line = self._answers.get(timeout=max(0.0, seconds))
        except queue.Empty:
            self.end()
            raise GoneError(f"it took more than {seconds:.0f} s") from None
        if not line:
            raise GoneError(f"its process ended: {self.end()}")
        self.waiting -= 1
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> str:
        """End it, with what it started; the last line that it wrote to the standard error."""
        if self._process.poll() is None:
            # The group is this process's own, since it began a session.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):  # what was not read yet
                stream.close()
        if self._said.closed:
            return ""
        with self._said:
            self._said.seek(0)
            lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else f"exit code {self._process.returncode}"
