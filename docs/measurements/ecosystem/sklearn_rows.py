"""scikit-learn, with ``array_api_dispatch=True``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import sklearn
from sklearn import metrics, model_selection, preprocessing
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.metrics import pairwise
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from docs.measurements.ecosystem.row import LABELS, POSITIVE, SHARES, TARGET, Row, X

SCALERS = "StandardScaler MinMaxScaler MaxAbsScaler Normalizer Binarizer PolynomialFeatures"
OF_VALUES = """mean_squared_error root_mean_squared_error mean_absolute_error r2_score max_error
    mean_squared_log_error root_mean_squared_log_error mean_absolute_percentage_error
    mean_pinball_loss explained_variance_score median_absolute_error mean_tweedie_deviance
    mean_poisson_deviance mean_gamma_deviance d2_tweedie_score d2_absolute_error_score
    d2_pinball_score"""
OF_CLASSES = """accuracy_score zero_one_loss f1_score fbeta_score precision_score recall_score
    confusion_matrix balanced_accuracy_score matthews_corrcoef cohen_kappa_score jaccard_score
    hamming_loss multilabel_confusion_matrix precision_recall_fscore_support
    class_likelihood_ratios"""
DISTANCES = """euclidean_distances manhattan_distances cosine_distances cosine_similarity
    paired_euclidean_distances paired_cosine_distances rbf_kernel polynomial_kernel linear_kernel
    sigmoid_kernel laplacian_kernel chi2_kernel additive_chi2_kernel"""


def rows() -> Iterator[Row]:
    """All of them, each in scikit-learn's own context."""
    for found in (*estimators(), *scores(), *validation()):
        yield replace(found, run=dispatched(found.run))


def dispatched(run: Callable[..., Any]) -> Callable[..., Any]:
    """The call with scikit-learn asking its arrays for their namespace."""

    def inside(*arrays: Any) -> Any:
        with sklearn.config_context(array_api_dispatch=True):
            return run(*arrays)

    return inside


def estimators() -> Iterator[Row]:
    """Fitted, and asked for what they learned."""
    consumer = "scikit-learn: estimators"

    def row(call: str, run: Callable[..., Any], *arrays: Any) -> Row:
        return Row(consumer, call, run, arrays)

    for solver in ("full", "covariance_eigh", "randomized"):
        options = {"svd_solver": solver, "random_state": 0, "power_iteration_normalizer": "QR"}
        yield row(f"PCA({solver})", lambda x, o=options: np_abs(PCA(3, **o).fit_transform(x)), X)
    yield row("Ridge", lambda x, t: Ridge(solver="svd").fit(x, t).predict(x), X, TARGET)
    yield row("RidgeCV", lambda x, t: RidgeCV().fit(x, t).predict(x), X, TARGET)
    lda = LinearDiscriminantAnalysis
    yield row("LDA.predict_proba", lambda x, y: lda().fit(x, y).predict_proba(x), X, LABELS)
    yield row("LDA.transform", lambda x, y: np_abs(lda().fit(x, y).transform(x)), X, LABELS)
    yield row(
        "LogisticRegression",
        lambda x, y: LogisticRegression(solver="lbfgs").fit(x, y).predict_proba(x),
        X,
        LABELS,
    )
    yield row("GaussianNB", lambda x, y: GaussianNB().fit(x, y).predict_proba(x), X, LABELS)
    yield row(
        "GaussianMixture",
        lambda x: GaussianMixture(2, random_state=0, init_params="random").fit(x).means_,
        X,
    )
    yield row("Nystroem", lambda x: Nystroem(n_components=9, random_state=0).fit_transform(x), X)
    yield row(
        "CalibratedClassifierCV",
        lambda x, y: CalibratedClassifierCV(lda(), method="temperature", cv=2).fit(x, y).predict(x),
        X,
        LABELS,
    )
    for name in SCALERS.split():
        scaler = getattr(preprocessing, name)
        yield row(name, lambda x, s=scaler: s().fit_transform(x), X)
    yield row("KernelCenterer", lambda x: preprocessing.KernelCenterer().fit_transform(x), X[:5])
    yield row("LabelEncoder", lambda y: preprocessing.LabelEncoder().fit_transform(y), LABELS)
    yield row("label_binarize", lambda y: preprocessing.LabelBinarizer().fit_transform(y), LABELS)
    yield row(
        "make_pipeline",
        lambda x, t: (
            make_pipeline(preprocessing.StandardScaler(), Ridge(solver="svd")).fit(x, t).predict(x)
        ),
        X,
        TARGET,
    )


def np_abs(x: Any) -> Any:
    """Without signs, which are free."""
    return abs(x)


def scores() -> Iterator[Row]:
    """Metrics and pairwise distances."""
    true, predicted = abs(TARGET) + 0.1, abs(TARGET) + 0.2
    other = np.where(TARGET > 0, 1 - LABELS, LABELS)
    for name in OF_VALUES.split():
        yield Row("scikit-learn: metrics", name, getattr(metrics, name), (true, predicted))
    for name in OF_CLASSES.split():
        score = getattr(metrics, name)
        run = (lambda a, b, s=score: s(a, b, beta=2)) if name == "fbeta_score" else score
        yield Row("scikit-learn: metrics", name, run, (LABELS, other), dtypes=False)
    two = np.stack([1 - SHARES, SHARES], axis=1)
    for name, second in (
        ("log_loss", two),
        ("d2_log_loss_score", two),
        ("brier_score_loss", SHARES),
        ("d2_brier_score", SHARES),
        ("roc_curve", TARGET),
        ("roc_auc_score", TARGET),
        ("average_precision_score", TARGET),
        ("precision_recall_curve", TARGET),
        ("det_curve", TARGET),
    ):
        yield Row("scikit-learn: metrics", name, getattr(metrics, name), (LABELS, second))
    for name in DISTANCES.split():
        arrays = (POSITIVE, POSITIVE + 0.1)
        yield Row("scikit-learn: pairwise", name, getattr(pairwise, name), arrays)


def validation() -> Iterator[Row]:
    """Splitting, and scoring of what was fitted on the rest."""
    consumer, ridge = "scikit-learn: model selection", Ridge(solver="svd")
    for name in ("cross_val_score", "cross_val_predict"):
        function = getattr(model_selection, name)
        yield Row(consumer, name, lambda x, t, f=function: f(ridge, x, t, cv=3), (X, TARGET))
    yield Row(
        consumer,
        "train_test_split",
        lambda x, y: model_selection.train_test_split(x, y, random_state=0),
        (X, LABELS),
    )
    yield Row(
        consumer,
        "GridSearchCV",
        lambda x, t: (
            model_selection.GridSearchCV(ridge, {"alpha": [0.1, 1.0]}, cv=3).fit(x, t).predict(x)
        ),
        (X, TARGET),
    )
