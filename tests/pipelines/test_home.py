"""Settings and the home's lock."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.home import Home, UserError, load_settings, open_home


def test_variables_win_over_the_file_and_the_file_over_defaults(tmp_path, monkeypatch):
    (tmp_path / "sluice.toml").write_text('threads = 3\ncountry = "KZ"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLUICE_THREADS", "5")
    settings = load_settings()
    assert (settings.threads, settings.country, settings.capacity) == (5, "KZ", 200)


@pytest.mark.parametrize(
    ("text", "named"), [("thread = 3\n", "thread"), ('threads = "many"\n', "threads"), ("threads = ", "TOML")]
)
def test_wrong_settings_are_named(tmp_path, monkeypatch, text, named):
    (tmp_path / "sluice.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=named):
        load_settings()


def test_only_one_process_writes_and_a_dead_one_holds_nothing(tmp_path):
    home = open_home(home=tmp_path / "home")
    code = (
        "import sys; from pathlib import Path; from pipelines.home import open_home\n"
        f"with open_home(home=Path({str(home.root)!r})).writing(): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(UserError, match=f"process {holder.pid}"), home.writing():
            pass
    finally:
        holder.kill()
        holder.communicate()
    with home.writing():
        pass


def test_a_home_keeps_everything_below_one_folder(tmp_path):
    home: Home = open_home(home=tmp_path)
    folders = [home.lake, home.inbox, home.originals, home.staging, home.models, home.dagster, home.scratch]
    assert all(folder.parent == tmp_path for folder in folders)


def test_a_home_that_can_not_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="SLUICE_HOME"), open_home(home=tmp_path / "file").writing():
        pass
