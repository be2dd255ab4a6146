"""Prints a workbook as JSON: by sheet, its rows; a number as the text of the decimal that a spreadsheet shows for it.

Run by the system's Python, which has Debian's openpyxl.
"""
import json
import sys

import openpyxl


def cell(value):
    if value is None or isinstance(value, (str, bool)):
        return value
    return {"number": repr(value)}


book = openpyxl.load_workbook(sys.argv[1], read_only=True)
json.dump({sheet.title: [[cell(value) for value in row] for row in sheet.iter_rows(values_only=True)] for sheet in book}, sys.stdout)
