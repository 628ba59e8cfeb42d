"""How uploaded files are taken in: onto the disk, and no more of them than the limit."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Writes an upload to a temporary file, and refuses it as soon as it passes the limit."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        """One piece of a file; refuses the whole request once the file is too large."""
        if start + len(raw_data) > settings.UPLOAD_MAX_BYTES:
            self.file.close()
            raise RequestDataTooBig("An uploaded file is larger than allowed.")
        return super().receive_data_chunk(raw_data, start)
