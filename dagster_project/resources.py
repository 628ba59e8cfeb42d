"""What assets are given: the home that the settings name. Holds no path and no setting of its own."""

from pathlib import Path

import dagster as dg

from pipelines.home import Home, open_home


class HomeResource(dg.ConfigurableResource[Home]):
    """`SLUICE_HOME`, as the settings in force name it, or the folder given here."""

    folder: str = ""

    def open(self) -> Home:
        """The home."""
        return open_home(home=Path(self.folder)) if self.folder else open_home()
