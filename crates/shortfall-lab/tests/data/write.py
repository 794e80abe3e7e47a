"""Writes the files of this folder and the corpora of the fuzzers, with NumPy, pandas and scikit-learn as a user would.

The files here were written with numpy 2.x, pandas 3.x and scikit-learn 1.x (their versions are in `versions.txt`).
Run it in this folder: `python write.py`.
"""

import gzip
import pathlib

import numpy
import pandas
import sklearn
from sklearn.datasets import dump_svmlight_file

here = pathlib.Path(__file__).parent
corpus = here.parent / "corpus"

# Numbers that show whether every digit is read: thirds, subnormals, the ends of the range.
X = numpy.array([[1 / 3, -2.5e-300, 0.0], [0.1, 5e-324, 7.0], [-1e308, 1.5, 0.0], [2.0**-52, -0.0, 123456789.125]])
y = numpy.array([1, 0, 1, 1])
words = numpy.array(["yes", "no", "yes", "très"])

frame = pandas.DataFrame(X, columns=["a", "b, c", 'd "e"'])
frame["class"] = words
frame.to_csv(here / "pandas.csv", index=False)
frame.to_csv(here / "pandas.csv.gz", index=False)
frame.to_parquet(here / "pandas.parquet")  # by pyarrow
holes = pandas.DataFrame({"a": [1, None, 3], "n": numpy.array([1, 2, 3], dtype="u4"), "ok": [True, False, True]})
holes.to_parquet(here / "holes.parquet")
holes[["n", "ok"]].to_parquet(here / "integers.parquet")
frame.to_csv(here / "pandas-semicolons.csv", index=False, sep=";")
frame.to_csv(here / "pandas-spaces.csv", index=False, sep=" ")

matrix = numpy.column_stack([X, y])
numpy.save(here / "plain.npy", matrix)
numpy.save(here / "fortran.npy", numpy.asfortranarray(matrix))
numpy.save(here / "big-endian.npy", matrix.astype(">f8"))
numpy.save(here / "single.npy", numpy.array([[0.5, -1.25, 3.0], [2.0, 1e-3, 4.0]], dtype="f4"))
numpy.save(here / "half.npy", numpy.array([[0.5, -1.25, 3.0], [2.0, 6e-8, 4.0]], dtype="f2"))
numpy.save(here / "integers.npy", numpy.array([[1, -2, 3], [2**40, 5, -6]]))
numpy.save(here / "complex.npy", numpy.ones((2, 2), dtype="c16"))
numpy.save(here / "Q.npy", numpy.array([[2.0, 0.5], [0.5, 1.0]]))
numpy.save(here / "b.npy", numpy.array([-1.0, 0.25]))
numpy.savez(here / "words.npz", X=X, y=words)
numpy.savez_compressed(here / "packed.npz", data=X, target=y)
numpy.savez(here / "unnamed.npz", X, y)

dump_svmlight_file(X, y, str(here / "zero-based.svm"), comment="by scikit-learn")
dump_svmlight_file(X, y, str(here / "one-based.libsvm"), zero_based=False)

(here / "versions.txt").write_text(
    f"numpy {numpy.__version__}\npandas {pandas.__version__}\nscikit-learn {sklearn.__version__}\n"
)

for folder, patterns in {
    "csv": ["*.csv"], "npy": ["*.npy"], "npz": ["*.npz"], "svmlight": ["*.svm", "*.libsvm"], "gzip": ["*.gz"],
}.items():
    (corpus / folder).mkdir(parents=True, exist_ok=True)
    for pattern in patterns:
        for file in here.glob(pattern):
            (corpus / folder / file.name).write_bytes(file.read_bytes())
(corpus / "gzip" / "two-members.gz").write_bytes(gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n3,4\n"))
