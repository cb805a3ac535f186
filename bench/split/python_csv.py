"""The same job as `weir-split -n N -i I FILE` on a CSV, with Python's csv module: python3 python_csv.py N I FILE."""
import csv
import itertools
import sys

count, index, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
csv.field_size_limit(sys.maxsize)
with open(path, newline="") as file:
    rows = csv.reader(file)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(next(rows))
    out.writerows(itertools.islice(rows, index, None, count))
