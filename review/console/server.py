"""The desk's own web server: gunicorn in this process's child, on a socket that is already bound to loopback."""

import os
import socket
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with one worker and some threads."""

    def __init__(self, listener: socket.socket, threads: int, ready: Callable[[], None]) -> None:
        self._listener = listener
        self._threads = threads
        self._ready = ready
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn's settings; nothing is read from the environment or a file."""
        inheritable = True
        os.set_inheritable(self._listener.fileno(), inheritable)
        for name, value in {
            "bind": f"fd://{self._listener.fileno()}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._threads,
            "timeout": 60,
            "accesslog": None,
            "loglevel": "warning",
            "proc_name": "sluice console",
            "control_socket_disable": True,
        }.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("when_ready", lambda _server: self._ready())

    def load(self) -> Any:
        """The application."""
        from review.console.wsgi import application

        return application
