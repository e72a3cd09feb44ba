"""Handwritten digits with nothing but the Array API standard: k-means, PCA, softmax regression.

`digits` computes with the namespace of the arrays that it is given, whatever library they are of.
As a script it takes xgpu's default device: ``xgpu run docs/examples/digits.py --device cpu``.
"""

from collections.abc import Callable
from typing import Any

CLASSES, KMEANS_STEPS, PCA_STEPS, TRAINING_STEPS = 10, 10, 15, 60
STEPS = KMEANS_STEPS + PCA_STEPS + TRAINING_STEPS
RATE, MOMENTUM = 0.5, 0.9
Array = Any


def one_hot(labels: Array, xp: Any) -> Array:
    """Ones and zeros of shape (n, CLASSES) for integers of shape (n,)."""
    classes = xp.arange(CLASSES, dtype=labels.dtype, device=labels.device)
    return xp.astype(labels[:, None] == classes[None, :], xp.float64)


def kmeans(x: Array, xp: Any, done: Callable[[], None]) -> Array:
    """The centres (CLASSES, d) that Lloyd's algorithm reaches from the first rows of x (n, d)."""
    centres = x[:CLASSES, :]
    for _ in range(KMEANS_STEPS):
        # |x - c|^2 without |x|^2, which is the same for every centre
        distances = xp.sum(centres * centres, axis=1) - 2.0 * (x @ centres.T)
        members = one_hot(xp.argmin(distances, axis=1), xp)
        counts = xp.sum(members, axis=0)[:, None]
        means = (members.T @ x) / xp.where(counts > 0.0, counts, xp.ones_like(counts))
        centres = xp.where(counts > 0.0, means, centres)
        done()
    return centres


def principal_axes(x: Array, xp: Any, done: Callable[[], None]) -> Array:
    """The two directions (d, 2) of largest variance of centred x (n, d), by subspace iteration."""
    power = (x.T @ x) / x.shape[0]  # the covariance; squared four times: a step does sixteen
    for _ in range(4):
        power = power @ power
    axes = xp.cos(xp.arange(2 * x.shape[1], dtype=x.dtype, device=x.device))
    axes = xp.reshape(axes, (x.shape[1], 2))
    for _ in range(PCA_STEPS):
        axes = power @ axes
        first, second = axes[:, 0], axes[:, 1]  # made orthonormal by Gram and Schmidt's process
        first = first / xp.sqrt(xp.sum(first * first))
        second = second - first * xp.sum(first * second)
        axes = xp.stack([first, second / xp.sqrt(xp.sum(second * second))], axis=1)
        done()
    return axes


def softmax_regression(x: Array, labels: Array, xp: Any, done: Callable[[], None]) -> Array:
    """Weights (d, CLASSES) that lower the cross-entropy, by gradient descent with momentum."""
    target = one_hot(labels, xp)
    weights = xp.zeros((x.shape[1], CLASSES), dtype=x.dtype, device=x.device)
    velocity = xp.zeros_like(weights)
    for _ in range(TRAINING_STEPS):
        scores = x @ weights
        powers = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
        probabilities = powers / xp.sum(powers, axis=1, keepdims=True)
        velocity = MOMENTUM * velocity - RATE * (x.T @ (probabilities - target)) / x.shape[0]
        weights = weights + velocity
        done()
    return weights


def digits(
    images: Array, labels: Array, xp: Any, done: Callable[[], None] = lambda: None
) -> dict[str, Array]:
    """All three on float64 ``images`` (n, d) and int64 ``labels`` (n,); every third row is a test.

    ``done`` is called after each of STEPS steps.
    """
    x = images / xp.max(images)
    train = xp.concat([x[1::3, :], x[2::3, :]])
    train_labels = xp.concat([labels[1::3], labels[2::3]])
    centred = x - xp.mean(x, axis=0)
    weights = softmax_regression(train, train_labels, xp, done)
    right = xp.argmax(x[::3, :] @ weights, axis=1) == labels[::3]
    return {
        "centres": kmeans(x, xp, done),
        "projection": centred @ principal_axes(centred, xp, done),
        "weights": weights,
        "accuracy": xp.mean(xp.astype(right, x.dtype)),
    }


if __name__ == "__main__":
    from sklearn.datasets import load_digits

    import xgpu

    data = load_digits()
    result = digits(xgpu.asarray(data.data), xgpu.asarray(data.target), xgpu)
    print(f"test accuracy {float(result['accuracy']):.4f} on {xgpu.asarray(0.0).device}")
