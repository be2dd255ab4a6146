#!/usr/bin/env python3
"""Runs the examples of the clients' documentation as they stand there, the C++ one as an installed library.

  examples_test.py METERGATE BUILD_DIR
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "crash"))
import server as product  # noqa: E402


def example(document, language):
    return re.search(rf"```{language}\n(.*?)```", (SOURCE / document).read_text(encoding="utf-8"), re.S).group(1)


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **options)
    if done.returncode != 0:
        raise SystemExit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def cpp(folder, build):
    """The library as a stranger has it: installed, found by CMake, used from C++17."""
    run("cmake", "--install", build, "--component", "client", "--prefix", folder / "installed")
    (folder / "main.cpp").write_text(example("docs/clients.md", "cpp"), encoding="utf-8")
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(shop CXX)\nset(CMAKE_CXX_STANDARD 17)\n"
        "add_executable(shop main.cpp)\n" + example("docs/clients.md", "cmake"), encoding="utf-8")
    run("cmake", "-S", folder, "-B", folder / "out", f"-DCMAKE_PREFIX_PATH={folder / 'installed'}")
    run("cmake", "--build", folder / "out")
    return [folder / "out" / "shop"]


def php(folder, _):
    (folder / "shop.php").write_text(example("clients/php/README.md", "php"), encoding="utf-8")
    (folder / "src").symlink_to(SOURCE / "clients" / "php" / "src")
    return ["php", "shop.php"]


def js(folder, _):
    (folder / "shop.mjs").write_text(example("clients/js/README.md", "js"), encoding="utf-8")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "metergate-client").symlink_to(SOURCE / "clients" / "js")
    return ["node", "shop.mjs"]


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-examples-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        if not server.start():
            raise SystemExit(f"the server did not start: {server.last_words()}")
        try:
            server.command("tenants", "add", "tenant_123", "--name", "Park", "--plan", "free")
            key = server.command("keys", "add", "--permission", "events.write", "--name", "examples").strip()
            environment = dict(os.environ, METERGATE_URL=f"http://127.0.0.1:{server.port}", METERGATE_TOKEN=key)
            for language in (cpp, php, js):
                folder = pathlib.Path(root, language.__name__)
                folder.mkdir()
                said = run(*language(folder, sys.argv[2]), cwd=folder, env=environment)
                if said != "recorded 5\n":
                    raise SystemExit(f"the {language.__name__} example said {said!r}")
                print("ok:", language.__name__)
            counters = server.find("usage_counters", '{tenant_id: "tenant_123"}')
        finally:
            server.stop()
            server.log.close()
    found = [sum(int(counter[meter]) for counter in counters) for meter in ("api_calls", "webhook_calls")]
    if found != [3, 3]:
        raise SystemExit(f"the counters say {found} instead of 3 API calls and 3 webhook calls")
    print("3 passed, 0 failed")


if __name__ == "__main__":
    main()
