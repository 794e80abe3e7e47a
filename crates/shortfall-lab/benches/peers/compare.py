"""The six workloads of `benches/workloads.rs` in JAX, NumPy and PyTorch beside `shortfall`, in one run.

    python crates/shortfall-lab/benches/peers/compare.py [--readme] [NAME ...]

Makes a virtual environment in `target`, installs the peers there, times every workload on one and on two threads, each peer
in a process of its own, in several rounds, and prints the best medians in microseconds per unit and the ratio of the best peer
to `shortfall` that records what the peers do, the ends; beside it stands what all the records of `shortfall run` take.
`--readme` writes the table into the README, which has one for each kind of processor that it was run on.
"""
import json
import math
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
ENVIRONMENT = ROOT / "target" / "peers"
PEERS = ["jax", "numpy", "torch"]
# Machines of several tenants are slower for minutes at a time: each program gets the best of its rounds.
ROUNDS = 5
# What is compared, with the peers' workload it is held against.
WORKLOADS = {
    "ensemble1d": "ensemble1d",
    "quadratic": "quadratic",
    "quadratic-long": "quadratic",
    "logreg": "logreg",
    "logreg-16": "logreg",
    "logreg-small": "logreg-small",
    "logreg-small-16": "logreg-small",
    "softmax-sgd": "softmax-sgd",
    "mlp": "mlp",
}
# Whose geometric mean is told: one row of each kind, sharing what can be shared.
MEAN_OF = ["ensemble1d", "quadratic-long", "logreg-16", "logreg-small-16", "softmax-sgd", "mlp"]


def python():
    program = ENVIRONMENT / "bin" / "python"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        subprocess.run([program, "-m", "pip", "install", "-q", "jax", "numpy", "torch"], check=True)
    return program


def peer_times(program, peer, threads, names):
    cores = ",".join(str(core) for core in sorted(os.sched_getaffinity(0))[:threads])
    environment = dict(
        os.environ,
        OMP_NUM_THREADS=str(threads),
        OPENBLAS_NUM_THREADS=str(threads),
        MKL_NUM_THREADS=str(threads),
        XLA_FLAGS=f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}",
    )
    command = ["taskset", "-c", cores, program, HERE / "peers.py", peer, str(threads), *names]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def own_times(names):
    command = ["cargo", "bench", "-q", "-p", "shortfall-lab", "--bench", "workloads", "--", "--json", *names]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])


def keep_best(times, round_times):
    for name, time in round_times.items():
        times[name] = best(times[name], time) if name in times else time


def best(time, other):
    return [best(*pair) for pair in zip(time, other)] if isinstance(time, list) else min(time, other)


def table(names, program):
    wanted = sorted({WORKLOADS[name] for name in names})
    own, peers = {}, {}
    for _ in range(ROUNDS):
        keep_best(own, own_times(names))
        for peer in PEERS:
            for threads in (1, 2):
                keep_best(peers.setdefault((peer, threads), {}), peer_times(program, peer, threads, wanted))
    lines = [
        "| workload | threads | JAX | NumPy | PyTorch | shortfall, the ends | best peer / shortfall | shortfall, all records |",
        "|---|---|---|---|---|---|---|---|",
    ]
    ratios = {}
    for name in names:
        for threads in (1, 2):
            times = [peers[peer, threads].get(WORKLOADS[name]) for peer in PEERS]
            ends, everything = (recorded[threads - 1] for recorded in own[name])
            fastest = min(time for time in times if time is not None)
            cells = ["-" if time is None else f"{time:.3g}" for time in times]
            ratios[name, threads] = fastest / ends
            cells += [f"{ends:.3g}", f"**{fastest / ends:.3g}x**", f"{everything:.3g}"]
            lines.append(f"| `{name}` | {threads} | {' | '.join(cells)} |")
    return lines + (means(ratios) if set(MEAN_OF) <= set(names) else [])


def means(ratios):
    """Lines of geometric means of the ratios by name and threads."""
    lines = []
    for threads in (1, 2):
        mean = math.exp(sum(math.log(ratios[name, threads]) for name in MEAN_OF) / len(MEAN_OF))
        lines.append(f"| geometric mean of six | {threads} | | | | | **{mean:.3g}x** | |")
    return lines


def versions(program):
    code = "import jax, numpy, torch; print('jax', jax.__version__, 'numpy', numpy.__version__, 'torch', torch.__version__)"
    peers = subprocess.run([program, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    rustc = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"Microseconds per step or lane-step on {cpu}; {peers.replace(' jax', ', jax')}, rustc {rustc}."


def kind():
    """Of processor: what bounds a workload differs."""
    about = dict(map(str.strip, line.split(":", 1)) for line in open("/proc/cpuinfo") if ":" in line)
    if {"avx512f", "avx512vl", "avx512dq"} <= set(about.get("flags", "").split()):
        return f"AVX-512, {'AMD' if about.get('vendor_id') == 'AuthenticAMD' else 'Intel'}"
    return "AVX2"


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--readme"]
    unknown = [name for name in arguments if name not in WORKLOADS]
    if unknown:
        sys.exit(f"there is no workload {unknown[0]}; there are {', '.join(WORKLOADS)}")
    program = python()
    text = [versions(program), "", *table(arguments or list(WORKLOADS), program)]
    print("\n".join(text))
    if "--readme" in sys.argv:
        readme = ROOT / "README.md"
        begin, end = f"<!-- {kind()} -->\n", f"<!-- /{kind()} -->"
        before, rest = readme.read_text().split(begin, 1)
        _, after = rest.split(end, 1)
        readme.write_text(before + begin + "\n".join(text) + "\n" + end + after)


if __name__ == "__main__":
    main()
