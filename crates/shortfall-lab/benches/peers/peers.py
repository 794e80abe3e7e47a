"""One peer on some workloads: `python peers.py jax|numpy|torch THREADS NAME ...` prints microseconds per unit as JSON.

Written as a user would who knows the library: JAX compiles the whole loop with `lax.scan`, NumPy takes all lanes in one array,
PyTorch uses autograd with parameters set in place. What compiles or is set up is not counted; the median of five runs is.
"""
import json
import sys
import time

import numpy as np


def median(run, units, repeats=5):
    run()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return 1e6 * sorted(times)[len(times) // 2] / units


def quadratic_data():
    generator = np.random.default_rng(1)
    b = generator.standard_normal((1000, 1000))
    return b @ b.T / 1000 + 0.01 * np.eye(1000)


def logistic_data(n, d):
    generator = np.random.default_rng(2)
    x = generator.standard_normal((n, d)) / np.sqrt(d)
    margins = x @ (3 * generator.standard_normal(d))
    return x, np.where(generator.random(n) < 1 / (1 + np.exp(-margins)), 1.0, -1.0)


def softmax_data():
    generator = np.random.default_rng(5)
    return np.clip(0.5 + 0.25 * generator.standard_normal((1797, 64)), 0, 1), generator.integers(0, 10, 1797)


def network_data():
    generator = np.random.default_rng(6)
    sizes = [784, 256, 128, 10]
    weights = [generator.standard_normal(shape) / np.sqrt(shape[0]) for shape in zip(sizes, sizes[1:])]
    layers = [(w, np.zeros(w.shape[1])) for w in weights]
    return 0.5 * generator.standard_normal((1024, 784)), generator.integers(0, 10, 1024), layers


LANES, BATCH = 4096, 32


def with_numpy():
    def ensemble():
        generator = np.random.default_rng(0)
        x = np.full(LANES, 2.0)
        for _ in range(2000):
            c = np.where(generator.random(LANES) < 0.7, -1.0, 1.0)
            y = x + 0.1 * np.sign(x - c)
            x = x - 0.01 * (y - c)
        return x

    q = quadratic_data()

    def quadratic():
        x = np.ones(1000)
        for _ in range(2000):
            g = q @ x
            x = x - 0.125 * (q @ (x + 0.1 * g / np.sqrt(g @ g)))
        return x

    def logistic(n, d, steps):
        x, labels = logistic_data(n, d)

        def gradient(w):
            return x.T @ (-labels / (1 + np.exp(labels * (x @ w)))) / n + 1e-3 * w

        def run():
            w = np.zeros(d)
            for _ in range(steps):
                g = gradient(w)
                w = w - gradient(w + 0.05 * g / np.sqrt(g @ g))
            return w

        return run

    def softmax():
        x, labels = softmax_data()
        generator = np.random.default_rng(0)
        w = np.zeros((16, 64, 10))
        lanes = np.arange(16)[:, None]

        def gradient(w, rows, targets):
            z = rows @ w
            p = np.exp(z - z.max(-1, keepdims=True))
            p /= p.sum(-1, keepdims=True)
            p[lanes, np.arange(BATCH)[None], targets] -= 1
            return rows.transpose(0, 2, 1) @ p / BATCH + 1e-3 * w

        for _ in range(2000):
            batch = generator.integers(0, len(labels), (16, BATCH))
            rows, targets = x[batch], labels[batch]
            g = gradient(w, rows, targets)
            norms = np.sqrt((g * g).sum((1, 2), keepdims=True))
            w = w - 0.1 * gradient(w + 0.05 * g / norms, rows, targets)
        return w

    return {
        "ensemble1d": lambda: median(ensemble, 2000 * LANES),
        "quadratic": lambda: median(quadratic, 2000),
        "logreg": lambda: median(logistic(60000, 100, 50), 50),
        "logreg-small": lambda: median(logistic(569, 30, 5000), 5000),
        "softmax-sgd": lambda: median(softmax, 2000 * 16, 3),
    }


def with_jax():
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def scanned(step, start, inputs, units):
        run = jax.jit(lambda x, inputs: jax.lax.scan(step, x, inputs)[0])
        return median(lambda: jax.block_until_ready(run(start, inputs)), units)

    def sam(gradient, eta, rho, w):
        g = gradient(w)
        return w - eta * gradient(w + rho * g / jnp.sqrt(jnp.sum(g * g)))

    def ensemble():
        def step(x, key):
            c = jnp.where(jax.random.uniform(key, (LANES,)) < 0.7, -1.0, 1.0)
            return x - 0.01 * (x + 0.1 * jnp.sign(x - c) - c), None

        return scanned(step, jnp.full(LANES, 2.0), jax.random.split(jax.random.key(0), 2000), 2000 * LANES)

    def quadratic():
        q = jnp.asarray(quadratic_data())
        return scanned(lambda x, _: (sam(lambda w: q @ w, 0.125, 0.1, x), None), jnp.ones(1000), jnp.zeros(2000), 2000)

    def logistic(n, d, steps):
        x, labels = map(jnp.asarray, logistic_data(n, d))
        loss = lambda w: jnp.mean(jnp.logaddexp(0.0, -labels * (x @ w))) + 0.5e-3 * w @ w
        step = lambda w, _: (sam(jax.grad(loss), 1.0, 0.05, w), None)
        return scanned(step, jnp.zeros(d), jnp.zeros(steps), steps)

    def softmax():
        x, labels = map(jnp.asarray, softmax_data())

        def loss(w, rows, targets):
            logs = jax.nn.log_softmax(rows @ w)
            return -jnp.mean(logs[jnp.arange(BATCH), targets]) + 0.5e-3 * jnp.sum(w * w)

        def one(w, key):
            batch = jax.random.randint(key, (BATCH,), 0, len(labels))
            rows, targets = x[batch], labels[batch]
            return sam(lambda v: jax.grad(loss)(v, rows, targets), 0.1, 0.05, w)

        step = lambda w, keys: (jax.vmap(one)(w, keys), None)
        keys = jax.random.split(jax.random.key(0), (2000, 16))
        return scanned(step, jnp.zeros((16, 64, 10)), keys, 2000 * 16)

    def network():
        x, labels, layers = network_data()
        x, labels = jnp.asarray(x), jnp.asarray(labels)
        layers = [tuple(map(jnp.asarray, layer)) for layer in layers]

        def loss(layers, rows, targets):
            for w, b in layers[:-1]:
                rows = jnp.tanh(rows @ w + b)
            logs = jax.nn.log_softmax(rows @ layers[-1][0] + layers[-1][1])
            return -jnp.mean(logs[jnp.arange(128), targets])

        def step(layers, key):
            batch = jax.random.randint(key, (128,), 0, len(labels))
            gradient = jax.grad(loss)
            g = gradient(layers, x[batch], labels[batch])
            size = jnp.sqrt(sum(jnp.sum(a * a) for a in jax.tree.leaves(g)))
            moved = jax.tree.map(lambda w, a: w + 0.05 * a / size, layers, g)
            h = gradient(moved, x[batch], labels[batch])
            return jax.tree.map(lambda w, a: w - 0.05 * a, layers, h), None

        return scanned(step, layers, jax.random.split(jax.random.key(0), 100), 100)

    return {
        "ensemble1d": ensemble,
        "quadratic": quadratic,
        "logreg": lambda: logistic(60000, 100, 50),
        "logreg-small": lambda: logistic(569, 30, 5000),
        "softmax-sgd": softmax,
        "mlp": network,
    }


def with_torch(threads):
    import torch

    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float64)

    def sam(parameters, loss, eta, rho):
        g = torch.autograd.grad(loss(), parameters)
        with torch.no_grad():
            scale = rho / torch.sqrt(sum((a * a).sum() for a in g))
            for w, a in zip(parameters, g):
                w.add_(a, alpha=scale.item())
        h = torch.autograd.grad(loss(), parameters)
        with torch.no_grad():
            for w, a, b in zip(parameters, g, h):
                w.sub_(a, alpha=scale.item()).sub_(b, alpha=eta)

    def quadratic():
        q = torch.from_numpy(quadratic_data())

        def run():
            x = torch.ones(1000)
            for _ in range(500):
                g = q @ x
                x = x - 0.125 * (q @ (x + 0.1 * g / torch.linalg.norm(g)))

        return median(run, 500, 3)

    def logistic(n, d, steps):
        x, labels = map(torch.from_numpy, logistic_data(n, d))

        def run():
            w = torch.zeros(d, requires_grad=True)
            loss = lambda: torch.nn.functional.softplus(-labels * (x @ w)).mean() + 0.5e-3 * w @ w
            for _ in range(steps):
                sam([w], loss, 1.0, 0.05)

        return median(run, steps, 3)

    def softmax():
        x, labels = map(torch.from_numpy, softmax_data())

        def run():
            w = torch.zeros(64, 10, requires_grad=True)
            for _ in range(500):
                batch = torch.randint(len(labels), (BATCH,))
                rows, targets = x[batch], labels[batch]
                loss = lambda: torch.nn.functional.cross_entropy(rows @ w, targets) + 0.5e-3 * (w * w).sum()
                sam([w], loss, 0.1, 0.05)

        return median(run, 500, 3)

    def network():
        x, labels, layers = network_data()
        x, labels = torch.from_numpy(x), torch.from_numpy(labels)

        def run():
            parameters = [torch.tensor(a, requires_grad=True) for layer in layers for a in layer]

            def loss(rows, targets):
                w1, b1, w2, b2, w3, b3 = parameters
                rows = torch.tanh(torch.tanh(rows @ w1 + b1) @ w2 + b2)
                return torch.nn.functional.cross_entropy(rows @ w3 + b3, targets)

            for _ in range(50):
                batch = torch.randint(len(labels), (128,))
                rows, targets = x[batch], labels[batch]
                sam(parameters, lambda: loss(rows, targets), 0.05, 0.05)

        return median(run, 50, 3)

    return {
        "quadratic": quadratic,
        "logreg": lambda: logistic(60000, 100, 10),
        "logreg-small": lambda: logistic(569, 30, 500),
        "softmax-sgd": softmax,
        "mlp": network,
    }


peer, threads, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
workloads = {"numpy": with_numpy, "jax": with_jax, "torch": lambda: with_torch(threads)}[peer]()
print(json.dumps({name: workloads[name]() for name in names if name in workloads}))
