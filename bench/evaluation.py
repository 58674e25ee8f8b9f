"""The hub's report over 1,000,000 cycles, and 1,000 cells that report through a restart of the hub.

python bench/evaluation.py [report|cells]
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import resource
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import pandas as pd
import psycopg

CYCLES = 1_000_000
CELLS = 1_000
BATCHES, RECORDS = 3, 20


def cycles(count: int, seed: int = 1) -> pd.DataFrame:
    """Cycles of 4,000 people at 1,000 cells in 12 regions over two years."""
    random = np.random.default_rng(seed)
    person = random.integers(4_000, size=count)
    days = pd.date_range("2025-01-01", "2026-12-31").strftime("%Y-%m-%d").to_numpy()
    return pd.DataFrame(
        {
            "member": np.char.add("cell_", (person % 1_000).astype(str)),
            "person": np.char.add("p", person.astype(str)),
            "region": np.char.add("region_", (person % 12).astype(str)), "task": "oral_care_case",
            "condition": np.where(random.random(count) < 0.5, "with", "without"), "simulated": True,
            "day": days[random.integers(len(days), size=count)], "seconds": random.lognormal(5.4, 0.3, count),
            "paused_seconds": random.exponential(2, count), "picks": 26, "errors": random.poisson(0.4, count),
            "help_calls": random.poisson(0.05, count), "coach_seconds": random.exponential(4, count),
        }
    )  # fmt: skip


def in_process(code: str, folder: Path) -> tuple[float, float, str]:
    """Wall seconds of the measured part, peak memory (MB) of the process, and what it printed last."""
    start = f"import sys, time; from pathlib import Path; folder = Path({str(folder)!r})\n"
    # Not ru_maxrss: that begins with the size of the process that started this one.
    peak = "next(int(l.split()[1]) / 1024 for l in open('/proc/self/status') if l.startswith('VmHWM'))"
    end = f"\nprint(time.perf_counter() - began, {peak}, told)"
    done = subprocess.run([sys.executable, "-c", start + code + end], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, megabytes, told = done.stdout.splitlines()[-1].split(maxsplit=2)  # DuckDB draws a bar before it
    return float(seconds), float(megabytes), told.strip()


CHECK = "\ntold = (len(found), round(sum(float(g['seconds']) for g in found), 3))"
PANDAS = """
import pandas as pd
began = time.perf_counter()
d = pd.concat(pd.read_parquet(f) for f in sorted(folder.glob('cycles-*.parquet')))
d['quarter'] = d.day.str[:4] + '-Q' + ((d.day.str[5:7].astype(int) + 2) // 3).astype(str)
d['who'] = d.member + '/' + d.person
d['net'] = d.seconds - d.paused_seconds
keys = ['region', 'task', 'condition', 'simulated', 'quarter']
each = d.groupby([*keys, 'who']).agg(seconds=('net', 'mean')).reset_index()
groups = each.groupby(keys).agg(people=('who', 'count'), seconds=('seconds', 'mean'))
found = groups[groups.people >= 5].reset_index().to_dict('records')"""
WAYS = {
    "DuckDB over Parquet": "from opstap.evaluation.hub.analysis import report\nbegan = time.perf_counter()\n"
    "found = report(folder)",
    "pandas, one frame": PANDAS,
    "SQLite": "import sqlite3\nfrom opstap.evaluation.hub.aggregates import query\nbegan = time.perf_counter()\n"
    "db = sqlite3.connect(folder / 'cycles.db'); db.row_factory = sqlite3.Row\n"
    "found = [dict(r) for r in db.execute(query())]",
    "Dask, 2 workers": "from dask.distributed import Client, LocalCluster\n"
    "from opstap.evaluation.hub.analysis import report_on_dask\n"
    "if __name__ == '__main__':\n"
    "    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None)\n"
    "    client = Client(cluster)\nbegan = time.perf_counter()\nfound = report_on_dask(folder)",
}


POSTGRESQL = """
import psycopg
from psycopg.rows import dict_row
from opstap.evaluation.hub.aggregates import query
db = psycopg.connect({where!r}, row_factory=dict_row)
began = time.perf_counter()
found = db.execute(query()).fetchall()"""


@contextmanager
def postgresql(folder: Path, table: pd.DataFrame) -> Iterator[str | None]:
    """A server of its own with `table` in it, on a socket in `folder`; None where there is no PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    if initdb is None:
        yield None
        return
    home = folder / "pg"
    home.mkdir()
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    if user is not None:
        folder.chmod(0o755)
        os.chown(home, user, -1)
    control, quiet = Path(initdb).parent / "pg_ctl", {"check": True, "capture_output": True, "user": user, "cwd": home}
    subprocess.run([initdb, "-D", home / "data", "-U", "opstap", "-A", "trust", "--no-sync"], **quiet)
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
    subprocess.run([control, "-D", home / "data", "-o", options, "-l", home / "log", "-w", "start"], **quiet)
    where = f"host={home} user=opstap dbname=postgres"
    try:
        with psycopg.connect(where) as db:
            kinds = {
                "object": "text",
                "str": "text",
                "bool": "boolean",
                "int64": "bigint",
                "float64": "double precision",
            }
            columns = ", ".join(f'"{name}" {kinds[str(kind)]}' for name, kind in table.dtypes.items())
            db.execute(f"CREATE TABLE cycles ({columns})")
            with db.cursor().copy("COPY cycles FROM STDIN") as copy:
                for row in table.itertuples(index=False, name=None):
                    copy.write_row(row)
            db.execute("ANALYZE cycles")
        yield where
    finally:
        subprocess.run([control, "-D", home / "data", "-m", "immediate", "stop"], **quiet)


def measure_report() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = cycles(CYCLES)
        for n in range(0, CYCLES, 100_000):
            table.iloc[n : n + 100_000].to_parquet(folder / f"cycles-{n // 100_000:05d}.parquet", index=False)
        with sqlite3.connect(folder / "cycles.db") as db:
            table.to_sql("cycles", db, index=False)
        print(f"report over {CYCLES:,} cycles: wall time, peak memory, (groups, sum of their means)")
        base = None
        with postgresql(folder, table) as where:
            ways = WAYS | ({"PostgreSQL": POSTGRESQL.format(where=where)} if where else {})
            for way, code in ways.items():
                seconds, megabytes, told = in_process(code + CHECK, folder)
                base = base or seconds
                print(f"  {way:<22} {seconds:6.2f} s  {seconds / base:5.1f} x DuckDB  {megabytes:6.0f} MB  {told}")


def hub_process(folder: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "opstap.commands", "hub", "run", "--folder", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


async def one_cell(
    number: int, port: int, token: str, context: ssl.SSLContext, session: object, retries: list[int]
) -> None:
    """Sends its batches one after the other, again until there is a receipt."""
    for batch in range(BATCHES):
        records = []
        for n in range(RECORDS):
            id = str(uuid5(UUID(int=number), f"{batch}/{n}"))
            content = {"id": id, "person": f"p{number}", "cell": "c", "task": "t", "condition": "", "simulated": True,
                       "day": "2026-09-21", "seconds": 100.0, "paused_seconds": 0.0, "steps": 26, "picks": 26,
                       "problems": {},
                       "disputed": 0, "help_calls": 0, "coach_seconds": 0.0, "level": "full"}  # fmt: skip
            records.append({"kind": "cycle", "sequence": batch * RECORDS + n + 1, "id": id, "content": content})
        body = json.dumps({"version": 1, "batch": str(batch), "records": records})
        while True:
            try:
                url, headers = f"https://127.0.0.1:{port}/v1/batches", {"Authorization": f"Bearer {token}"}
                async with session.post(url, data=body, headers=headers, ssl=context) as answer:
                    await answer.read()
                    if answer.status == 200:
                        break
            except OSError:
                pass
            except Exception as error:  # a connection that broke with the hub
                if type(error).__module__.split(".")[0] != "aiohttp":
                    raise
            retries[0] += 1
            await asyncio.sleep(np.random.default_rng(number + retries[0]).uniform(0.2, 1.5))


async def cells() -> None:
    import aiohttp

    from opstap.evaluation.hub.certificates import client_context, make
    from opstap.evaluation.hub.keeping import HubStore

    folder, port = Path(tempfile.mkdtemp()), 18443
    context = client_context(make(folder, ["127.0.0.1"]))
    with HubStore(folder / "hub.db") as store:
        tokens = [store.admit(f"cell_{n}", "cell", f"region_{n % 12}") for n in range(CELLS)]
    hub = hub_process(folder, port)
    retries, began = [0], time.perf_counter()
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=400), timeout=timeout) as session:
        work = asyncio.gather(*(one_cell(n, port, t, context, session, retries) for n, t in enumerate(tokens)))
        await asyncio.sleep(4)
        peak = memory(hub.pid)
        hub.kill()  # as a power cut: no goodbye
        hub.wait()
        await asyncio.sleep(1)
        hub = hub_process(folder, port)
        while not work.done():
            await asyncio.sleep(0.5)
            peak = max(peak, memory(hub.pid))
        await work
    seconds = time.perf_counter() - began
    with HubStore(folder / "hub.db") as store, store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT count(*), count(DISTINCT id) FROM cycles").one()
    hub.terminate()
    hub.wait()
    expected = CELLS * BATCHES * RECORDS
    print(f"{CELLS:,} cells through a kill of the hub: {expected:,} records, {kept[0]:,} kept, {kept[1]:,} different;")
    print(f"  {seconds:.0f} s, {retries[0]:,} attempts repeated, hub at most {peak:.0f} MB")
    if kept != (expected, expected):
        raise SystemExit("records were lost or doubled")


def memory(pid: int) -> float:
    """Resident memory of a process, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    if sys.argv[1:] in ([], ["report"]):
        measure_report()
    if sys.argv[1:] in ([], ["cells"]):
        asyncio.run(cells())
