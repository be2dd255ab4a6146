#!/usr/bin/env python3
"""Reports and statements as XLSX and PDF say what JSON says, to the last digit, with names in every script.

  papers_test.py BINARY
"""
import csv
import decimal
import http.client
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "gateway"))
import gateway_world

NAMES = {
    "t_latin": "Café Überraschung & Söhne <GmbH>",
    "t_arabic": "مدينة الألعاب الكبرى",
    "t_hebrew": "פארק ההרפתקאות",
    "t_chinese": "冒险主题公园有限公司",
    "t_formula": "=1+1",
    "t_long": "The Very Long Name of a Park That Has More Words in Its Name Than Rides on Its Grounds, and Adds Some Each Year",
}
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
METERS = [("stores_count", "max_stores"), ("devices_count", "max_devices"), ("api_calls", "max_api_calls_per_month"),
          ("webhook_calls", "max_webhooks_per_month"), ("storage_gb", "max_storage_gb")]


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")
    print(f"ok: {claim}")


def ask(server, token, path, method="GET", body=None, media="application/json"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request(method, path, body, {"Authorization": "Bearer " + token, **({"Content-Type": media} if body else {})})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def data_of(server, token, path):
    status, _, content = ask(server, token, path)
    check(status == 200, f"{path} answers", content)
    return json.loads(content, parse_float=decimal.Decimal, parse_int=decimal.Decimal)["data"]


def read_sheets(content):
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        done = subprocess.run(["/usr/bin/python3", str(HERE / "read_xlsx.py"), file.name], capture_output=True, text=True)
    check(done.returncode == 0, "another library reads the workbook", done.stderr)
    return json.loads(done.stdout)


def same(cell, wanted):
    """A cell of a sheet against a member of the JSON answer."""
    if wanted is None or wanted == "":
        return cell is None
    if isinstance(wanted, bool):
        return cell == ("Yes" if wanted else "No")
    if isinstance(wanted, decimal.Decimal):
        text = cell["number"] if isinstance(cell, dict) else cell
        return text is not None and decimal.Decimal(text) == wanted
    return cell == wanted


def compare_tenants(rows, tenants):
    check(len(rows) == len(tenants) + 1, "a row for each tenant", len(rows))
    for row, tenant in zip(rows[1:], tenants):
        wanted = [tenant["tenant_id"], tenant["tenant_name"], tenant["plan"], tenant["status"]]
        for meter, limit in METERS:
            most = tenant["limits"][limit]
            wanted += [tenant["usage"][meter], "unlimited" if most is None else most]
        wanted += [tenant["has_overages"], tenant["overage_cost"], tenant["health_status"], tenant["currency"]]
        wrong = [pair for pair in zip(row, wanted) if not same(*pair)]
        if wrong:
            raise SystemExit(f"not so: the row of {tenant['tenant_id']} is what JSON says\n{wrong}")
    print("ok: every cell of every tenant is what JSON says")


def compare_lines(rows, lines):
    members = ["tenant_id", "tenant_name", "plan", "line", "meter", "period", "usage", "included", "overage", "rate", "cost", "currency"]
    check(len(rows) == len(lines) + 1 and lines, "a row for each line item", (len(rows), len(lines)))
    for row, line in zip(rows[1:], lines):
        wrong = [(name, cell, line.get(name)) for name, cell in zip(members, row) if not same(cell, line.get(name))]
        if wrong:
            raise SystemExit(f"not so: a line of {line['tenant_id']} is what JSON says\n{wrong}")
    print("ok: every cell of every line item is what JSON says")


def fill(server, token):
    for tenant, name in NAMES.items():
        status, _, content = ask(server, token, "/provider/tenants", "POST",
                                 json.dumps({"tenant_id": tenant, "name": name, "plan": "basic"}))
        check(status == 201, f"{tenant} is made", content)
    events = [{"specversion": "1.0", "id": f"{tenant}-storage", "source": "app", "type": "storage.usage", "subject": tenant,
               "data": {"bytes": 16320875724 + at}} for at, tenant in enumerate(NAMES)]
    events += [{"specversion": "1.0", "id": f"{tenant}-devices", "source": "app", "type": "device.count", "subject": tenant,
                "data": {"count": 11 + at}} for at, tenant in enumerate(NAMES)]
    status, _, content = ask(server, token, "/api/v1/events", "POST", json.dumps(events), "application/cloudevents-batch+json")
    check(status in (200, 204), "usage is sent", content)


def text_of_pdf(content, *words):
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        return subprocess.run(["pdftotext", *words, file.name, "-"], capture_output=True, text=True, check=True).stdout


def look_at_report(server, token, period):
    path = f"/provider/billing/reports?period={period}"
    report = data_of(server, token, path)
    lines = data_of(server, token, path + "&detail=lines")["lines"]
    status, headers, content = ask(server, token, path + "&format=xlsx")
    check(status == 200 and headers["content-type"] == SHEET, "a report is to be had as XLSX", headers)
    check(headers["content-disposition"] == f"attachment; filename=usage_report_{period}.xlsx", "under its name", headers)
    sheets = read_sheets(content)
    check(list(sheets) == ["Summary", "Tenants", "Line items"], "with a sheet a part", list(sheets))
    compare_tenants(sheets["Tenants"], report["tenants"])
    compare_lines(sheets["Line items"], lines)
    summary = {row[0]: row[1] for row in sheets["Summary"]}
    check(same(summary["Total overage cost"], report["summary"]["total_overage_cost"]), "the total is JSON's", summary)
    header = ask(server, token, path + "&format=csv")[2].decode().split("\r\n")[0].split(",")
    check(sheets["Tenants"][0][:len(header)] == header, "its columns are those of the CSV", sheets["Tenants"][0])
    for detail in ("tenants", "lines"):
        status, headers, content = ask(server, token, f"{path}&format=pdf&detail={detail}")
        check(status == 200 and headers["content-type"] == "application/pdf" and content.startswith(b"%PDF-"), f"a report by {detail} is to be had as PDF", content[:300])
        text = text_of_pdf(content)
        pages = [tuple(map(int, found)) for found in re.findall(r"Page (\d+) of (\d+)", text)]
        check(pages and [at for at, _ in pages] == list(range(1, len(pages) + 1)) and {of for _, of in pages} == {len(pages)}, "its pages are numbered", pages)
        check("冒险主题公园有限公司" in text and "Überraschung" in text, "with the tenants' names", text)
    total = f"{report['summary']['total_overage_cost']:,}"
    check(total in text_of_pdf(ask(server, token, path + "&format=pdf")[2]), "and the total", total)
    status, headers, content = ask(server, token, path + "&format=xlsx", "HEAD")
    check(status == 200 and headers["content-type"] == SHEET and not content, "HEAD has the fields alone", headers)


def look_at_statements(server, token, period):
    for tenant, name in NAMES.items():
        path = f"/provider/billing/tenants/{tenant}/statement?period={period}"
        statement = data_of(server, token, path)
        check(statement["tenant_name"] == name and statement["period"] == period, f"{tenant} has a statement")
        content = ask(server, token, path + "&format=xlsx")[2]
        sheets = read_sheets(content)
        compare_lines(sheets["Line items"], statement["lines"])
        summary = {row[0]: row[1] for row in sheets["Statement"]}
        check(same(summary["Overage cost"], statement["overage_cost"]) and summary["Tenant"] == name, "with its cost and name", summary)
        rows = list(csv.reader(io.StringIO(ask(server, token, path + "&format=csv")[2].decode())))
        check(len(rows) == len(statement["lines"]) + 1, "as CSV too")
        status, headers, content = ask(server, token, path + "&format=pdf")
        check(status == 200 and content.startswith(b"%PDF-"), "and as PDF", content[:300])
        check(headers["content-disposition"] == f"attachment; filename=statement_{tenant}_{period}.pdf", "under its name", headers)
    status, _, content = ask(server, token, "/provider/billing/tenants/nobody/statement")
    check(status == 404 and b"E_TENANT_NOT_FOUND" in content, "one of a tenant that is not there is 404", content)
    status, _, content = ask(server, token, f"/provider/billing/tenants/t_latin/statement?format=doc")
    check(status == 400 and b"xlsx" in content, "a format that is none is refused with those that are", content)


def look_at_command(server, token, period):
    path = server.folder / "report.xlsx"
    server.run("report", period, "--format", "xlsx", "-o", str(path))
    report = data_of(server, token, f"/provider/billing/reports?period={period}")
    compare_tenants(read_sheets(path.read_bytes())["Tenants"], report["tenants"])
    scratch = [name for name in os.listdir(server.folder / "data") if "scratch" in name]
    check(not scratch, "no scratch file is left", scratch)


def look_without_pango(server, period):
    """What prints is hidden from a command that has the folder to itself."""
    where = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    library = re.search(r"libpangocairo-1\.0\.so\.0 .* => (\S+)", where)[1]
    other = library.removeprefix("/usr") if library.startswith("/usr/") else "/usr" + library  # the loader looks in both
    words = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", library, "-P", other, "-e", "trace=openat",
             "-e", "inject=openat:error=ENOENT"]
    done = subprocess.run([*words, server.program, "report", period, "--format", "pdf", "-o", str(server.folder / "no.pdf")],
                          env=server.environment, cwd=server.folder, capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if not line.startswith("strace: ")]
    check(done.returncode == 1 and len(said) == 1 and "libpangocairo-1.0.so.0 is not installed" in said[0]
          and "apt-get install" in said[0], "without Pango one line says what to install", done.stderr)
    check(not (server.folder / "no.pdf").exists(), "and nothing is half made")


def main():
    period = time.strftime("%Y-%m", time.gmtime())
    with gateway_world.Server(sys.argv[1], {}, tenants=()) as server:
        token = server.run("token", "--scope", "provider", "--role", "Provider-Admin").strip()
        fill(server, token)
        look_at_report(server, token, period)
        look_at_statements(server, token, period)
        look_at_command(server, token, period)
        server.process.terminate()
        server.process.wait(timeout=60)
        look_without_pango(server, period)


if __name__ == "__main__":
    main()
