#!/usr/bin/env python3
"""Holds deploy/ against the program and against each other: settings, unit, image, manifests.

  deploy_test.py BINARY SOURCE_DIR            every check
  deploy_test.py BINARY SOURCE_DIR --write    writes deploy/metergate.env anew from the settings' table

Needs kubernetes-validate (requirements.txt), which brings Kubernetes' own schemas, and systemd-analyze.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

import kubernetes_validate
import yaml

USER = 10001                 # the image's, and the manifests'
EXPOSURE_MAX = 1.5           # of 10, as systemd-analyze counts what a unit may still do
KUBERNETES = "1.37"
SECRETS = {"JWT_SECRET"}
LOST_WITHOUT = "Required."


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")
    print(f"ok: {claim}")


def run(*words, **variables):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **variables}
    with tempfile.TemporaryDirectory() as folder:          # so that no .env of somebody's is read
        return subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def settings_of(binary, *words, **variables):
    """name -> (value, where it came from), in the program's order."""
    done = run(binary, "serve", "--print-config", *words, **variables)
    check(done.returncode == 0, f"serve --print-config {' '.join(words)} reads its settings", done.stderr)
    rows = (re.split(r" {2,}", line.strip()) for line in done.stdout.splitlines())
    return {name: (value, origin) for name, value, origin in rows}


def documented(source):
    """name -> (default, allowed, meaning), as docs/operating.md has them."""
    page = (source / "docs/operating.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    plain = lambda text: re.sub(r"[`]|\[([^\]]*)\]\([^)]*\)", r"\1", text)     # noqa: E731
    return {name: (plain(default), plain(allowed), plain(meaning)) for name, default, allowed, meaning in rows}


def example_of(table):
    lines = ["# Every setting of Metergate with its default. Copy this to .env (mode 600, read by every command in its folder), or for",
             "# Debian's package into /etc/metergate/env, and take the # away from what you change. An empty value is the same as none.", ""]
    for name, (default, allowed, meaning) in table.items():
        meaning = meaning[0].upper() + meaning[1:]
        text = f"{LOST_WITHOUT + ' ' if name in SECRETS else ''}{meaning}. Allowed: {allowed}."
        lines += [f"# {line}" for line in textwrap.wrap(text, 98, break_long_words=False, break_on_hyphens=False)]
        lines += [f"#{name}={'' if default == 'none' else default}", ""]
    return "\n".join(lines)


def check_settings(binary, source):
    table, program = documented(source), settings_of(binary)
    shown = {name: "none" if value == "(none)" else value for name, (value, _) in program.items()}
    check(list(shown) == list(table), "docs/operating.md has the program's settings in its order",
          f"only there: {set(table) - set(shown)}, only here: {set(shown) - set(table)}")
    differing = {name: (shown[name], table[name][0]) for name in shown if shown[name] != table[name][0]}
    check(not differing, "the documented defaults are the program's", differing)
    example = source / "deploy/metergate.env"
    check(example.read_text(encoding="utf-8") == example_of(table), "deploy/metergate.env explains every setting",
          f"write it anew: {sys.argv[0]} {binary} {source} --write")
    check(settings_of(binary, "--env-file", str(example)) == program, "the example as it stands changes nothing")
    with tempfile.NamedTemporaryFile("w", suffix=".env") as whole:
        whole.write(re.sub(r"^#(?=[A-Z_]+=)", "", example.read_text(encoding="utf-8"), flags=re.MULTILINE))
        whole.flush()
        uncommented = settings_of(binary, "--env-file", whole.name)
    check({name: value for name, (value, _) in uncommented.items()} == {name: value for name, (value, _) in program.items()},
          "every line of the example can be read, and says the default", uncommented)


def check_unit(source):
    unit = source / "deploy/metergate.service"
    check(not list((source / "packaging").glob("*.service")), "there is one unit")
    done = run("systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit))
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    check(exposure and float(exposure[1]) <= EXPOSURE_MAX, f"the unit's exposure is at most {EXPOSURE_MAX}",
          done.stdout[-300:] + done.stderr)
    text = unit.read_text(encoding="utf-8")
    postinst = (source / "packaging/postinst").read_text(encoding="utf-8")
    for path in re.findall(r"--env-file (\S+)|WorkingDirectory=(\S+)", text):
        check("".join(path) in postinst, f"the package makes {''.join(path)}, which the unit uses")


def check_image(binary, source):
    text = (source / "deploy/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    steps = [line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    said = dict(steps)
    check(said["FROM"] == "debian:bookworm-slim", "the image is of the oldest Debian that a release is made on", said["FROM"])
    check(said["USER"] == f"{USER}:{USER}" and f"--uid {USER}" in text, "the image has a user of its own, not root")
    variables = dict(pair.split("=", 1) for pair in said["ENV"].split())
    taken = settings_of(binary, **variables)
    check({name: taken.get(name, ("", ""))[0] for name in variables} == variables, "the image's variables are settings", variables)
    check(not SECRETS & set(re.findall(r"[A-Z_]+", re.sub(r"^#.*$", "", text, flags=re.MULTILINE))), "the image holds no secret")
    check(variables["DATA_DIR"].startswith(said["VOLUME"] + "/"), "what is kept is on the image's volume")
    check(said["EXPOSE"] == taken["API_PORT"][0], "the image says the port")
    release = (source / "cmake/release.cmake").read_text(encoding="utf-8")
    check('"metergate-${PROJECT_VERSION}-linux-' in release and said["ADD"].startswith("metergate-*-linux-*.tar.gz"),
          "the image takes the tarball by the name that tools/release gives it", said["ADD"])
    return variables


def manifests_of(source):
    folder = source / "deploy/kubernetes"
    list_of_them = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    check(sorted(list_of_them["resources"]) == sorted(path.name for path in folder.iterdir() if path.name != "kustomization.yaml"),
          "kustomization.yaml names every manifest")
    found = {}
    for name in list_of_them["resources"]:
        for manifest in yaml.safe_load_all((folder / name).read_text(encoding="utf-8")):
            try:
                kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
            except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                check(False, f"{name} is as Kubernetes {KUBERNETES} wants it", error)
            found[manifest["kind"]] = manifest
    print(f"ok: {len(found)} manifests are as Kubernetes {KUBERNETES} wants them: {', '.join(found)}")
    version = re.search(r"project\(metergate VERSION ([0-9.]+)", (source / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
    check(list_of_them["images"][0]["newTag"] == version, "kustomization.yaml names this version", version)
    return found


def check_manifests(binary, source, image):
    found = manifests_of(source)
    spec = found["StatefulSet"]["spec"]
    pod, labels = spec["template"]["spec"], spec["template"]["metadata"]["labels"]
    container = pod["containers"][0]
    check(spec["replicas"] == 1, "one process over one folder")
    for selector in (spec["selector"]["matchLabels"], found["Service"]["spec"]["selector"],
                     found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]):
        check(selector.items() <= labels.items(), "what selects the pod finds it", selector)
    settings = found["ConfigMap"]["data"]
    taken = settings_of(binary, **image, **settings)
    check({name: taken.get(name, ("", ""))[0] for name in settings} == settings, "the ConfigMap's names are settings", settings)
    secrets = {row["name"]: row["valueFrom"]["secretKeyRef"] for row in container["env"]}
    check(set(secrets) == SECRETS and not SECRETS & set(settings), "secrets come from a Secret alone")
    page = (source / "deploy/README.md").read_text(encoding="utf-8")
    for name, place in secrets.items():
        check(f"create secret generic {place['name']} --from-literal={place['key']}=" in page, f"deploy/README.md makes the Secret of {name}")
    check(container["envFrom"][0]["configMapRef"]["name"] == found["ConfigMap"]["metadata"]["name"], "the pod reads the ConfigMap")
    port = {row["name"]: row["containerPort"] for row in container["ports"]}
    check(str(port["http"]) == taken["API_PORT"][0], "the pod's port is the server's")
    check(pod["securityContext"]["runAsUser"] == USER == pod["securityContext"]["fsGroup"], "the pod has the image's user")
    check(container["volumeMounts"][0]["mountPath"] == str(pathlib.Path(image["DATA_DIR"]).parent), "the disk is where the image keeps its data")
    # Kubernetes' "restricted" standard, which the namespace asks for.
    held = container["securityContext"]
    check(held["allowPrivilegeEscalation"] is False and held["capabilities"] == {"drop": ["ALL"]}
          and held["readOnlyRootFilesystem"] is True and pod["securityContext"]["runAsNonRoot"] is True
          and pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", "the pod keeps to the restricted standard")


def main():
    binary, source = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2]).resolve()
    if "--write" in sys.argv[3:]:
        (source / "deploy/metergate.env").write_text(example_of(documented(source)), encoding="utf-8")
        return
    check_settings(binary, source)
    check_unit(source)
    check_manifests(binary, source, check_image(binary, source))


if __name__ == "__main__":
    main()
