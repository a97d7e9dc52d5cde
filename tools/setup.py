"""Set-up: virtual environment, dependencies, front-end build and, for tests, a browser.

Every step leaves a stamp made of what it depends on, so a second run does nothing and, when all
is in place, touches no network. Run as `python3 -m tools.setup [serve|test|build]`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.console import ROOT, StopError, is_debian_root, output_of, prepare_output, run, say, stop

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / ".mingce"
NGINX = VENV / "nginx"
MODULES = ROOT / "node_modules"
OLDEST_NODE = 18
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FIRST_TIME = "首次安装需要联网（已装好的部分不会重来）。请检查网络后再运行一次。"


def set_up(purpose: str) -> None:
    """Bring everything in place for `serve`, `test` or `build`; StopError where it cannot."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python is told by
        raise StopError(f"需要 Python 3.11 或更高版本，现为 {platform.python_version()}。")
    with _one_at_a_time():
        _virtual_environment()
        _python_packages("requirements.txt")
        if purpose == "test":
            _python_packages("requirements.txt", "requirements-dev.txt")
        build_front_end()
        if purpose == "test":
            find_or_install_browser()
            find_or_unpack_nginx()


def build_front_end() -> None:
    """Install the front-end packages of the lock file and build static/dist."""
    node, npm, env = _node()
    stamp = MODULES / ".mingce-stamp"
    wanted = _digest(ROOT / "package-lock.json", ROOT / "package.json")
    if _read(stamp) != wanted:
        say("安装前端依赖(npm ci)…")
        if run([npm, "ci"], env) != 0:
            raise StopError("前端依赖没有装好。" + FIRST_TIME)
        stamp.write_text(wanted)
    done = subprocess.run([str(node), "static/build.mjs"], check=False, cwd=ROOT, env=env)
    if done.returncode != 0:
        raise StopError("前端没有构建成功，原因见上。")


def node_environment() -> tuple[Path, dict[str, str]]:
    """The node to use and the environment in which it finds its own tools."""
    node, _, env = _node()
    return node, env


def browser_path() -> str | None:
    """Chromium of the system, or what MINGCE_CHROMIUM names; None where Playwright's own is used.

    StopError if MINGCE_CHROMIUM names something that is not there.
    """
    named = os.environ.get("MINGCE_CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            raise StopError(f"MINGCE_CHROMIUM 指定的浏览器不存在或不能运行：{named}")
        return named
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def find_or_install_browser() -> None:
    """Make sure that tests have a Chromium and, where we may, a Chinese font."""
    there = browser_path() is not None or _own_browser_installed()
    if not there and not (is_debian_root() and _apt_install("chromium")):
        say("安装测试用的浏览器(playwright install chromium)…")
        if run([PYTHON, "-m", "playwright", "install", "chromium"]) != 0:
            raise StopError(
                "没有装上测试用的 Chromium。" + FIRST_TIME + "也可以自行安装 chromium,"
                "或用 MINGCE_CHROMIUM 指出它的位置。"
            )
    fonts = output_of(["fc-list", ":lang=zh", "family"])
    if fonts == "" and not (is_debian_root() and _apt_install("fonts-wqy-zenhei")):
        say("提示：系统没有中文字体，测试截图中的汉字会显示为方框。")


def nginx_path() -> str | None:
    """An nginx that runs: of the system, or what set-up unpacked; None where there is neither."""
    system = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    unpacked = str(NGINX / "usr" / "sbin" / "nginx")
    runs = (path for path in (system, unpacked) if path and output_of([path, "-v"]) is not None)
    return next(runs, None)


def find_or_unpack_nginx() -> None:
    """Where we may, an nginx for the tests of deploy/nginx.conf; without one they are skipped.

    It is unpacked beside the virtual environment rather than installed, because the package would
    start a web server on this machine. What failed once is not tried again.
    """
    stamp = STAMPS / "nginx-tried"
    if nginx_path() or stamp.exists() or not is_debian_root():
        return
    say("取测试用的 nginx（只解开，不安装、不启动）…")
    NGINX.mkdir(exist_ok=True)
    get = ["apt-get", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10"]
    if (
        run([*get, "update"]) != 0
        or run([*get, "download", "nginx"], folder=NGINX) != 0
        or any(run(["dpkg", "-x", package, NGINX]) != 0 for package in NGINX.glob("nginx_*.deb"))
    ):
        say("提示：没有取到 nginx，对 deploy/nginx.conf 的测试会跳过。")
        stamp.touch()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with open(__file__) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("另一个安装正在进行，等它完成…")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _virtual_environment() -> None:
    if output_of([PYTHON, "-c", "import pip"]) is not None:
        return
    if output_of([sys.executable, "-c", "import ensurepip, venv"]) is None:
        _install_venv_module()
    say("建立虚拟环境 .venv …")
    if run([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
        raise StopError("虚拟环境 .venv 没有建成，原因见上。")


def _install_venv_module() -> None:
    if is_debian_root() and _apt_install("python3-venv"):
        return
    raise StopError(
        "系统缺少 Python 的 venv 模块。请以管理员身份运行 apt-get install python3-venv,"
        "然后重试。\n(Python's venv module is missing: as root, run "
        "`apt-get install python3-venv`, then try again.)"
    )


def _python_packages(*requirement_files: str) -> None:
    stamp = STAMPS / requirement_files[-1]
    wanted = _digest(*(ROOT / name for name in requirement_files))
    if _read(stamp) == wanted:
        return
    say(f"安装 Python 依赖（{requirement_files[-1]}）…")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    if run([*pip, "-r", requirement_files[-1]]) != 0:
        raise StopError("Python 依赖没有装好。" + FIRST_TIME)
    STAMPS.mkdir(exist_ok=True)
    stamp.write_text(wanted)


def _node() -> tuple[Path, Path, dict[str, str]]:
    """node, npm and their environment: the system's where new enough, else the wheel's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _node_version(Path(node)) >= OLDEST_NODE:
        return Path(node), Path(npm), dict(os.environ)
    _python_packages("requirements-node.txt")
    folder = VENV / "bin"
    env = dict(os.environ)
    env["PATH"] = f"{folder}{os.pathsep}{env.get('PATH', os.defpath)}"
    return folder / "node", folder / "npm", env


def _node_version(node: Path) -> int:
    match = re.match(r"v(\d+)\.", output_of([node, "--version"]) or "")
    return int(match[1]) if match else 0


def _own_browser_installed() -> bool:
    script = (
        "from playwright.sync_api import sync_playwright as start\n"
        "with start() as p: print(p.chromium.executable_path)"
    )
    path = output_of([PYTHON, "-c", script])
    return bool(path) and Path(path or "").exists()


def _apt_install(package: str) -> bool:
    """Install a Debian package with progress visible; False if that does not work."""
    say(f"安装系统软件包 {package} …")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", package]
    # The lists may be old or missing; where they are good, this costs seconds.
    return run(["apt-get", "update"], env) == 0 and run(install, env) == 0


def _digest(*files: Path) -> str:
    """What an installation depends on: the files, this Python and this kind of machine."""
    digest = hashlib.sha256(f"{platform.python_version()} {platform.machine()}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _read(stamp: Path) -> str | None:
    try:
        return stamp.read_text()
    except OSError:
        return None


def main() -> None:
    """Set up for the purpose named on the command line."""
    prepare_output()
    purpose = sys.argv[1] if len(sys.argv) > 1 else "test"
    try:
        set_up(purpose)
    except StopError as reason:
        stop(reason)
    say("已就绪。")


if __name__ == "__main__":
    main()
