"""The peers, each from Debian's package, started in a folder of its own on a free port of 127.0.0.1 and ended by its id."""
import glob
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"{process.args[0]} did not start; its own words are above")


@contextmanager
def running(command, port, **options):
    process = subprocess.Popen(command, **options)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


JSON_LOG = """log_format usage escape=json '{"time":"$time_iso8601","tenant":"$http_x_tenant","method":"$request_method",'
  '"path":"$uri","status":$status,"request_bytes":$request_length,"response_bytes":$bytes_sent,'
  '"duration":$request_time,"address":"$remote_addr","agent":"$http_user_agent"}';"""


@contextmanager
def nginx(root, name, body, workers=1):
    """So many workers with the `server` block that is given; `body` may name PORT and ROOT."""
    port, folder = free_port(), os.path.join(root, name)
    os.makedirs(folder)
    with open(os.path.join(folder, "nginx.conf"), "w") as file:
        file.write(f"""worker_processes {workers}; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ {JSON_LOG}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 100000000; access_log off;
  {body.replace("PORT", str(port)).replace("ROOT", folder)} }}
""")
    with running([shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"],
                 port) as process:
        process.port, process.folder = port, folder
        yield process


# The origin behind every proxy here: an answer of 600 bytes without work.
ORIGIN = 'server { listen 127.0.0.1:PORT reuseport backlog=4096; location / { default_type application/json; return 200 "' + "x" * 600 + '"; } }'


def proxy(origin_port, log):
    return f"""upstream origin {{ server 127.0.0.1:{origin_port}; keepalive 128; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:PORT reuseport backlog=4096; {log}
    location / {{ proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header Host $host; }} }}"""


@contextmanager
def haproxy(root, origin_port):
    """One thread; its log goes to a datagram socket that is read and thrown away."""
    port, folder = free_port(), os.path.join(root, "haproxy")
    os.makedirs(folder)
    with open(os.path.join(folder, "log"), "w") as log, open(os.path.join(folder, "haproxy.cfg"), "w") as file:
        file.write(f"""global
  nbthread 1
  maxconn 4096
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:{port}
  default_backend origin
backend origin
  http-reuse always
  server origin 127.0.0.1:{origin_port} maxconn 128
""")
        file.flush()
        with running(["/usr/sbin/haproxy", "-f", file.name, "-q"], port, stdout=log) as process:
            process.port, process.folder = port, folder
            yield process


@contextmanager
def redis(root, name, sync):
    port, folder = free_port(), os.path.join(root, name)
    os.makedirs(folder)
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes",
               "--appendfsync", sync, "--auto-aof-rewrite-percentage", "0", "--logfile", os.path.join(folder, "log")]
    with running(command, port) as process:
        process.port, process.folder = port, folder
        yield process


@contextmanager
def postgres(root):
    """A cluster of its own with the settings that batched writing likes; every commit is synced."""
    port, folder = free_port(), os.path.join(root, "postgres")
    os.makedirs(folder)
    bin_folder = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[4]))
    as_user = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")
        os.chmod(root, 0o755)
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = os.path.join(folder, "data")
    subprocess.run([*as_user, f"{bin_folder}/initdb", "-D", data, "-A", "trust", "-U", "bench", "--no-locale", "-E", "UTF8"],
                   check=True, capture_output=True, cwd=folder)
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "shared_buffers": "1GB",
                "max_wal_size": "8GB", "wal_compression": "on", "checkpoint_timeout": "30min", "synchronous_commit": "on"}
    command = [*as_user, f"{bin_folder}/postgres", "-D", data]
    for setting, value in settings.items():
        command += ["-c", f"{setting}={value}"]
    with open(os.path.join(folder, "log"), "w") as log, running(command, port, stdout=log, stderr=log, cwd=folder) as process:
        process.port, process.folder = port, folder
        yield process
