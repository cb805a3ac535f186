"""Writes csv_cases.txt: what Python's csv module reads in files that follow RFC 4180, and in some that don't.

A line is a case: the file's bytes in hexadecimal, a tab, the records separated by ';', each a list of fields in
hexadecimal that end in ','. A blank line is one empty field here (Python: no field). Left out: files whose last quote
never closes, and a '\\r' that is not followed by '\\n' outside quotes (Python ends the record there).
"""
import csv
import io
import random

random.seed(4180)


def records(text):
    return [row or [""] for row in csv.reader(io.StringIO(text, newline=""))]


def closes(text):
    return records(text.rstrip("\n") + "\nlast\n")[-1] == ["last"] and records(text + "\nlast\n")[-1] == ["last"]


cases = {'a,b\n1,2\n', '"a,b"\r\n"c""d",\r\n', '"x\ny",2', 'a"b,c\n', '"a"b,c\n', '"a"b"c,d\n', '""\n', '"",""\n', "\n\n"}
while len(cases) < 500:
    text = "".join(random.choices(["a", "b", ",", '"', '""', "\n", "\r\n", "é"], k=random.randint(1, 14)))
    if closes(text):
        cases.add(text)
with open("csv_cases.txt", "w") as out:
    for text in sorted(cases):
        rows = ["".join(field.encode().hex() + "," for field in row) for row in records(text)]
        out.write(text.encode().hex() + "\t" + ";".join(rows) + "\n")
