"""Tables as people have them: small files with the right value of a cell, and what has to be told of them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from advisor.errors import NewRowsWarning, UserError
from advisor.modalities.tabular import MODALITY, frames, large_files, text_files
from advisor.modalities.tabular.files import raw_table
from advisor.modalities.tabular.read import read, type_table

GAP = np.nan
DAY = pd.Timestamp


def file(tmp_path, content: str | bytes, name: str = "t.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def lines(head: str, *rows: str, times: int = 12, tail: str = "") -> str:
    """Write a table whose rows repeat; y goes a, b, a, b so that there is something to predict."""
    return head + "\n" + "".join(f"{row}\n" for _ in range(times) for row in rows) + tail


@pytest.fixture
def at_once(monkeypatch):
    """Let small files be read as large ones are, in blocks of a few rows."""
    for name, value in (("FEWEST_BYTES", 0), ("SPAN_BYTES", 1 << 7), ("BLOCK_BYTES", 1 << 5)):
        monkeypatch.setattr(large_files, name, value)


# A file, then the columns as they should be read (their first cells), then the findings that tell of it.
Case = tuple[str | bytes, dict[str, list[Any]], list[str]]
NUMBERS: dict[str, Case] = {
    "decimal commas between semicolons": (lines("x;y", "1,5;a", "-2,25;b"), {"x": [1.5, -2.25]}, []),
    "decimal commas in quotes": (lines("x,y", '"1,5",a', '"2,25",b'), {"x": [1.5, 2.25]}, []),
    "decimal commas between tabs": (lines("x\ty", "1,5\ta", "2,25\tb"), {"x": [1.5, 2.25]}, []),
    "points between thousands beside decimal commas": (
        lines("x;z;y", "46.951;2,5;a", "50.767;3,5;b"), {"x": [46951, 50767], "z": [2.5, 3.5]}, ["R02"]),
    "both marks": (lines("x;y", "1.234,5;a", "12,25;b"), {"x": [1234.5, 12.25]}, []),
    "points alone, three digits behind": (lines("x,y", "46.951,a", "50.767,b"), {"x": [46.951, 50.767]}, ["R02"]),
    "points between thousands, whole numbers below a thousand": (
        lines("x;y", "120;a", "517;b", "1.311;a", "15.300;b"), {"x": [120, 517, 1311, 15300]}, ["R02"]),
    "decimals of three digits, one of them below one": (
        lines("x,y", "120,a", "0.517,b", "1.311,a"), {"x": [120, 0.517, 1.311]}, []),
    "commas between thousands": (lines("x;y", "1,234,567;a", "12,000;b"), {"x": [1234567, 12000]}, []),
    "commas between thousands and points": (lines("x,y", '"1,234.5",a', '"12",b'), {"x": [1234.5, 12]}, []),
    "lakhs": (lines("x;y", "1,23,456;a", "12,345;b"), {"x": [123456, 12345]}, []),
    "blanks between thousands": (lines("x;y", "1 234;a", "12 345 678;b"), {"x": [1234, 12345678]}, []),
    "thin blanks": (lines("x;y", "1\u202f234;a", "12\u00a0345;b"), {"x": [1234, 12345]}, []),
    "apostrophes": (lines("x;y", "1'234.5;a", "12'345;b"), {"x": [1234.5, 12345]}, []),
    "one number of a file with commas for decimals": (
        lines("x;z;y", "1,250;0,5;a", "2,375;1,5;b"), {"x": [1.25, 2.375]}, ["R02"]),
    "a plus": (lines("x,y", "+5,a", "-5,b"), {"x": [5, -5]}, []),
    "some with a currency": (lines("x,y", "EUR 71,a", "84,b", "0,a"), {"x": [71, 84, 0]}, ["R02"]),
    "a currency but for nought": (lines("x,y", "$71,a", "$84,b", "0,a"), {"x": [71, 84, 0]}, []),
    "a minus behind": (lines("x,y", "5-,a", "7,b"), {"x": [-5, 7]}, ["R02"]),
    "a minus behind many amounts": (
        "x,y\n" + "".join(f"{row}.5{'-' * (row % 2)},{'ab'[row % 2]}\n" for row in range(40)), {"x": [0.5, -1.5]}, []),
    "lists of codes that look like thousands": (
        lines("x,y", *(f"{code},a" for code in range(101, 121)), '"101,202",b', '"105,303",b'),
        {"x": [101, 102]}, ["R02"]),
    "numbers in groups, all of nine digits": (
        lines("x,y", *(f"{row} {1000 - row} 598,{'ab'[row % 2]}" for row in range(402, 430))),
        {"x": [402598598]}, ["R02"]),
    "units of another size": (lines("x,y", "1 mW,a", "2 MW,b"), {"x": ["1 mW", "2 MW"]}, ["R03"]),
    "bits and bytes": (lines("x,y", "1 Mb,a", "2 MB,b"), {"x": ["1 Mb", "2 MB"]}, ["R03"]),
    "one unit in capitals and not": (lines("x,y", "1 l,a", "2 L,b", "3 l,a"), {"x": [1, 2]}, []),
    "one sure mark among many that are not": (
        lines("x;y", "25,158;a", "25,258;b", tail="12,34;b\n"), {"x": [25.158, 25.258]}, ["R02"]),
    "flags behind numbers, and gaps": (
        lines("x,y", *(f"{row}.{row}{flag},a" for row in range(1, 9) for flag in (" e", " b", "")), ":,b"),
        {"x": ["1.1 e"]}, ["R03"]),
    "an endless number beside a word": (
        lines("x,y", "1.5,a", "2.5,b", times=99, tail="1e999,a\nn.d.,b\n"), {"x": [1.5, 2.5]}, ["R03"]),
    "a value for a gap of a program": (
        lines("x,y", *(f"{200 + row % 50},{'ab'[row % 2]}" for row in range(80)), "65535,a", "65535,b"), {"x": [200]},
        ["R02"]),
    "a negative value for a gap among large ones": (
        lines("x,y", *(f"{800 + 91 * row},{'ab'[row % 2]}" for row in range(80)), *["-9,a"] * 9, times=2), {"x": [800]},
        ["R02"]),
    "years and months": (
        lines("x,y", *(f"2015{month:02d},{'ab'[month % 2]}" for month in range(1, 13))), {"x": [201501]}, ["R02"]),
    "seconds since 1970": (
        lines("seen,y", *(f"{1_600_000_000 + 86_413 * row},{'ab'[row % 2]}" for row in range(30))), {"seen": [1.6e9]},
        ["R02"]),
    "milliseconds since 1970": (
        lines("seen,y", *(f"{1_600_000_000_123 + 86_413_000 * row},{'ab'[row % 2]}" for row in range(30))),
        {"seen": [1_600_000_000_123]}, ["R02"]),
    "days as spreadsheets count them": (
        lines("orderDate,y", *(f"{44_270 + 3 * row},{'ab'[row % 2]}" for row in range(30))), {"orderDate": [44_270]},
        ["R02"]),
    "numbers that are no days though they could be": (
        lines("salary,y", *(f"{44_270 + 3 * row},{'ab'[row % 2]}" for row in range(30))), {"salary": [44_270]}, []),
    "codes whose noughts in front are lost": (
        lines("ZIP_code,y", *(f"{2_139 + 997 * row},{'ab'[row % 2]}" for row in range(30))), {"ZIP_code": [2_139]},
        ["R02"]),
    "thousands and millions": (lines("x,y", "20.4K,a", "5.18M,b", "754,a"), {"x": [20_400, 5_180_000, 754]}, []),
    "millions and billions in words": (
        lines("x,y", "1.4 billion,a", "6.5 million,b"), {"x": [1.4e9, 6.5e6]}, []),
    "millions and billions in German": (lines("x;y", "70,5 Mio.;a", "25,6 Mrd.;b"), {"x": [70.5e6, 25.6e9]}, []),
    "degrees of Kelvin": (lines("x,y", "20.4 K,a", "25.1 K,b"), {"x": [20.4, 25.1]}, []),
    "a typeset minus": (lines("x,y", "\u22125,a", "7,b"), {"x": [-5, 7]}, []),
    "brackets for negatives": (lines("x,y", "(5.5),a", "7,b"), {"x": [-5.5, 7]}, []),
    "brackets, currency and thousands": (lines("x,y", '"($1,250.00)",a', "$7.00,b"), {"x": [-1250, 7]}, []),
    "currency in front": (lines("x,y", "$5,a", "$7.5,b"), {"x": [5, 7.5]}, []),
    "a minus before a currency": (lines("x,y", "-$5,a", "$7,b"), {"x": [-5, 7]}, []),
    "currency behind": (lines("x;y", "5,50 €;a", "7,25 €;b"), {"x": [5.5, 7.25]}, []),
    "currency as a word": (lines("x,y", "USD 5,a", "7 USD,b"), {"x": [5, 7]}, []),
    "per cent": (lines("x,y", "5%,a", "7.5 %,b"), {"x": [5, 7.5]}, []),
    "a unit": (lines("x,y", "5 kg,a", "7.5kg,b"), {"x": [5, 7.5]}, []),
    "a unit with a full stop": (lines("x;y", "120 Min.;a", "15 Min.;b"), {"x": [120, 15]}, []),
    "a unit with a power": (lines("x;y", "80 m2;a", "12,5 m2;b"), {"x": [80, 12.5]}, []),
    "a unit of a fraction": (lines("x;y", "7 l/100km;a", "5,5 l/100km;b"), {"x": [7, 5.5]}, []),
    "a unit of two words": (lines("x;y", "1,181 sq ft;a", "950 sq ft;b"), {"x": [1181, 950]}, []),
    "per cent in front": (lines("x;y", "%47,5;a", "%3;b"), {"x": [47.5, 3]}, []),
    "rupees with a dash": (lines("x;y", "Rs. 1,200/-;a", "Rs. 12,500/-;b"), {"x": [1200, 12500]}, ["R02"]),
    "one and several": (lines("x;y", "1 Tag;a", "2 Tage;b", "5 Tage;a"), {"x": [1, 2, 5]}, []),
    "millions in words": (lines("x;y", "7,6 Mio. €;a", "892 Tsd. €;b"), {"x": [7.6e6, 892e3]}, []),
    "decimals behind points and commas": (lines("x;y", "3.64;a", "3,69;b"), {"x": [3.64, 3.69]}, ["R02"]),
    "hours and minutes": (lines("x;y", "1h30;a", "3 h 54 min;b", "2 h;a"), {"x": [5400, 14040, 7200]}, []),
    "o'clock": (lines("x;y", "8:00 Uhr;a", "15:30 Uhr;b"), {"x": [28800, 55800]}, []),
    "millions with a small letter": (
        lines("x;y", "£293,000;a", "£1.4m;b", "£777,000;a"), {"x": [293e3, 1.4e6, 777e3]}, []),
    "ten thousands": (lines("x;y", "5000;a", "1.1万;b", "8000;a", "1.2万;b"), {"x": [5000, 11000]}, []),
    "kilometres by several hands": (lines("x;y", "2 km;a", "7 kms;b", "3.5 Km;a"), {"x": [2, 7, 3.5]}, []),
    "wide yen": (lines("x;y", "\uffe540,200;a", "\uffe51,000;b"), {"x": [40200, 1000]}, ["R02"]),
    "Arabic decimals": (lines("x;y", "\u0668\u0668\u066b\u0662;a", "\u0663;b"), {"x": [88.2, 3]}, []),
    "minutes that may be hours": (lines("x;y", "25:30;a", "9:10;b"), {"x": [91800, 33000]}, ["R02"]),
    "blood pressure": (lines("x;y", *(f"{110 + n}/80;{'ab'[n % 2]}" for n in range(30))), {"x": ["110/80"]}, ["R03"]),
    "halves": (lines("x;y", "40½;a", "41;b", "42;a"), {"x": ["40½", "41"]}, []),
    "units of one letter and more": (
        lines("x;y", "30 min;a", "45 min;b", "1 h;a"), {"x": ["30 min", "45 min"]}, ["R03"]),
    "a unit with signs": (lines("x,y", "5 km/h,a", "7 km/h,b"), {"x": [5, 7]}, []),
    "thousands and millions by a letter": (
        lines("x,y", "$41k,a", "41998,b", "$1.2M,a"), {"x": [41000, 41998, 1.2e6]}, ["R02"]),
    "millions of money": (lines("x,y", "£3bn,a", "£1.5bn,b"), {"x": [3e9, 1.5e9]}, []),
    "thousands without a currency": (lines("x,y", "41k,a", "41998,b"), {"x": [41000, 41998]}, []),
    "numbers of houses": (lines("x,y", "12B,a", "14,b", "7K,a"), {"x": ["12B", "14"]}, []),
    "terms of a year": (lines("x,y", "2013J,a", "2013B,b", "2014J,a"), {"x": ["2013J", "2013B"]}, []),
    "kelvins": (lines("x,y", "293 K,a", "301 K,b"), {"x": [293, 301]}, []),
    "a unit that half of them lack": (lines("x,y", "12%,a", "0.125,b"), {"x": [12, 0.125]}, ["R02"]),
    "several currencies": (lines("x,y", "$10,a", "€11,b"), {"x": [10, 11]}, ["R02"]),
    "nearly": (lines("x,y", "ca. 51,a", "~60,b", "70,a"), {"x": [51, 60, 70]}, ["R02"]),
    "open ends": (lines("x,y", "79,a", "80+,b", "12,a"), {"x": [79, 80, 12]}, ["R02"]),
    "whole francs": (lines("x;y", "1'234.-;a", "55.\u2013;b", "5.50;a"), {"x": [1234, 55, 5.5]}, []),
    "whole euros": (lines("x;y", "98,-;a", "1.055,50;b"), {"x": [98, 1055.5]}, []),
    "a currency, points before three digits": (
        lines("x;y", "12.345 €;a", "1.388 €;b"), {"x": [12.345, 1.388]}, ["R02"]),
    "points before three digits beside whole numbers": (
        lines("x;y", "62.699;a", "7000;b"), {"x": [62.699, 7000]}, ["R02"]),
    "articles that look like numbers": (lines("x,y", "1E5,a", "2E3,b"), {"x": [1e5, 2e3]}, ["R02"]),
    "what a spreadsheet leaves of accounts": (lines("x,y", "7.44E+17,a", "7.45E+17,b"), {"x": [7.44e17]}, ["R02"]),
    "exponents": (lines("x,y", "1e3,a", "2.5E-2,b"), {"x": [1000, 0.025]}, []),
    "no digit before the point": (lines("x,y", ".5,a", "-.25,b"), {"x": [0.5, -0.25]}, []),
    "clock times are seconds": (lines("x,y", "9:30,a", "10:15,b"), {"x": [34200, 36900]}, []),
    "times of a race": (lines("x,y", "59:12,a", "1:02:03,b"), {"x": [3552, 3723]}, []),
    "before and after noon": (lines("x,y", "10:30 AM,a", "1:15 p.m.,b"), {"x": [37800, 47700]}, []),
    "hours before and after noon": (lines("x,y", "10AM,a", "6 PM,b"), {"x": [36000, 64800]}, []),
    "words behind numbers": (lines("x,y", "2Story,a", "1. White,b"), {"x": ["2Story", "1. White"]}, []),
    "a form that is not known": (
        lines("x,y", *(f"{n}時00分,{'ab'[n % 2]}" for n in range(8, 18))), {"x": ["8時00分", "9時00分"]}, ["R03"]),
    "several units": (lines("x,y", "22 sec,a", "2 h,b", "30 min,a"), {"x": ["22 sec", "2 h"]}, ["R03"]),
    "texts of a spreadsheet": (lines("x;y", '="66";a', "'93;b"), {"x": [66, 93]}, []),
    "signs that nobody sees": (lines("x;y", "\u200b5;a", "\ufeff7;b"), {"x": [5, 7]}, []),
    "wide digits": (lines("x;y", "\uff11\uff12;a", "\uff17;b"), {"x": [12, 7]}, []),
    "spans are seconds": (lines("x,y", "01:02:03,a", "00:00:30,b"), {"x": [3723, 30]}, []),
    "quoted numbers": (lines("x,y", '"5","a"', '"7","b"'), {"x": [5, 7]}, []),
    "numbers in single quotes": (lines("'x','y'", "'5','a'", "'7','b'"), {"x": [5, 7]}, []),
    "blanks around": (lines("x , y", " 5 , a", "  7,b"), {"x": [5, 7]}, []),
    "infinite words": (lines("x,y", "5,a", "7,b", tail="inf,a\n"), {"x": [5, 7]}, []),
}  # fmt: skip
GAPS: dict[str, Case] = {
    "nil among numbers": (lines("x,y", "5,a", "7,b", times=60, tail="nil,a\n"), {"x": [5, 7]}, ["R03"]),
    "two codes for a gap": (lines("x,y", "1,a", "5,b", "3,a", "2,b", "98,a", "99,b"), {"x": [1, 5]}, ["R02"]),
    "codes beside each other on a scale": (lines("x,y", "1,a", "5,b", "3,a", "8,b", "9,a"), {"x": [1, 5]}, ["R02"]),
    "two codes below": (lines("x,y", "31,a", "45,b", "27,a", "-8,b", "-9,b"), {"x": [31, 45]}, ["R02"]),
    "one code, once": (lines("x,y", "5.5,a", "7.5,b", "6.1,a", times=15, tail="-999,b\n"), {"x": [5.5, 7.5]}, ["R02"]),
    "a large number that is none": (
        lines("x,y", "900,a", "7,b", "450,a", times=15, tail="999,b\n"), {"x": [900, 7]}, []),
    "small numbers that are none": (lines("x,y", "1,a", "5,b", "3,a", "7,b", "8,b", "9,a"), {"x": [1, 5]}, []),
    "nought and a scale that goes on": (lines("x,y", "0,a", "5,b", "6,a", "7,b"), {"x": [0, 5]}, []),
    "codes on both sides": (lines("x,y", "1,a", "5,b", "3,a", "-999,b", "99,b"), {"x": [1, 5]}, ["R02", "R02"]),
    "question marks among words": (lines("x,y", "red,a", "blue,b", "?,a"), {"x": ["red", "blue"]}, []),
    "empty": (lines("x,y", "5,a", ",b"), {"x": [5, GAP]}, []),
    "the usual words": (lines("x,y", "5,a", "NA,b", "n/a,a", "NULL,b", "null,a", "?,b", "#N/A,a", "-nan,b"),
                        {"x": [5, *[GAP] * 7]}, []),
    "of spreadsheets": (lines("x,y", "5,a", "#DIV/0!,b", "#REF!,a", "#VALUE!,b"), {"x": [5, GAP, GAP, GAP]}, ["R03"]),
    "of databases": (lines("x,y", "5,a", "\\N,b", "(null),a"), {"x": [5, GAP, GAP]}, []),
    "a dash among many numbers": (lines("x,y", *(f"{n}.5,{'ab'[n % 2]}" for n in range(20)), "-,a", times=3),
                                  {"x": [0.5, 1.5]}, ["R03"]),
    "a point among many numbers": (lines("x,y", *(f"{n},{'ab'[n % 2]}" for n in range(20)), ".,a", times=3),
                                   {"x": [0, 1]}, ["R03"]),
    "words of several languages": (
        lines("x,y", *(f"{n},{'ab'[n % 2]}" for n in range(20)), "k.A.,a", "n.d.,b", times=3), {"x": [0, 1]}, ["R03"]),
    "one typing error": (lines("x,y", *(f"{n},{'ab'[n % 2]}" for n in range(20)), times=8, tail="12O,a\n"),
                         {"x": [0, 1]}, ["R03"]),
    "a number that stands for a gap": (
        lines("x,y", *(f"{n},{'ab'[n % 2]}" for n in range(20)), "-999,a", times=3), {"x": [0, 1]}, ["R02"]),
    "a scale of five with 99": (
        lines("x,y", *(f"{n % 5 + 1},{'ab'[n % 2]}" for n in range(20)), "99,a", times=3), {"x": [1, 2]}, ["R02"]),
    "nought for a gap": (lines("x,y", *(f"{n + 40}.5,{'ab'[n % 2]}" for n in range(30)), "0,a", times=3),
                         {"x": [40.5, 41.5]}, ["R02"]),
    "nought as a count": (lines("x,y", *(f"{n},{'ab'[n % 2]}" for n in range(30)), "0,a", times=3), {"x": [0, 1]}, []),
    "nine on a scale of five": (
        lines("x,y", *(f"{n % 5 + 1},{'ab'[n % 2]}" for n in range(20)), "9,a", times=3), {"x": [1, 2]}, ["R02"]),
    "a number that is only the largest": (
        lines("x,y", *(f"{50 * n},{'ab'[n % 2]}" for n in range(20)), "999,a", times=3), {"x": [0, 50]}, []),
    "a dash on a scale of five": (
        lines("x,y", *(f"{n % 5 + 1},{'ab'[n % 2]}" for n in range(20)), "-,a", times=3), {"x": [1, 2]}, ["R03"]),
    "refused on a scale of five": (
        lines("x,y", *(f"{n % 5 + 1},{'ab'[n % 2]}" for n in range(20)), "refused,a", times=3), {"x": [1, 2]}, ["R03"]),
    "a word on a scale of five": (
        lines("x,y", *(f"{n % 5 + 1},{'ab'[n % 2]}" for n in range(20)), "other,a", times=3),
        {"x": ["1", "2"]}, ["R03"]),
    "mostly below what can be measured": (
        lines("x,y", *(f"{n},{'ab'[n % 2]}" for n in range(8)), *["<0.5,a"] * 12, times=3), {"x": ["0", "1"]}, ["R03"]),
    "below what can be measured": (lines("x,y", *(f"{n},{'ab'[n % 2]}" for n in range(20)), "<1,a", times=3),
                                   {"x": ["0", "1"]}, ["R03"]),
}  # fmt: skip
CODES: dict[str, Case] = {
    "versions of two parts": (lines("x,y", "3.8,a", "3.9,b", "3.10,a", "3.11,b"), {"x": [3.8, 3.9, 3.1]}, ["R02"]),
    "prices with as many decimals": (lines("x,y", "3.80,a", "3.95,b", "3.10,a"), {"x": [3.8, 3.95, 3.1]}, []),
    "choices among decimals with points": (
        lines("x,z,y", "1,0.5,a", '"1,3",1.5,b', "2,2.5,a", '"2,4",3.5,b'), {"x": ["1", "1,3"]}, ["R02"]),
    "decimal commas beside decimal points": (
        lines("x,z,y", "1,0.5,a", '"3,1",1.5,b', "2,2.5,a", '"2,4",3.5,b'), {"x": [1, 3.1]}, []),
    "choices or decimals": (lines("x;y", "1;a", "1,3;b", "2;a", "2,4;b"), {"x": [1, 1.3]}, ["R02"]),
    "a few numbers and a word": (
        lines("x,y", "1,a", "2,b", "3,a", "4,b", "DK,a"), {"x": ["1", "2", "3", "4", "DK"]}, ["R03"]),
    "a word before every number": (
        lines("x,y", *(f"Level {level},{'ab'[level % 2]}" for level in range(6))),
        {"x": ["Level 0", "Level 1"]}, ["R03"]),
    "letters before numbers": (
        lines("x,y", *(f"R{level},{'ab'[level % 2]}" for level in range(6))), {"x": ["R0", "R1"]}, []),
    "numbers, and a word for below": (
        lines("x,y", "1 year,a", "2 years,b", "3 years,a", "less than 1 year,b"),
        {"x": ["1 year", "2 years"]}, ["R03"]),
    "zeros in front": (lines("x,y", "01,a", "02,b", "10,a"), {"x": ["01", "02", "10"]}, ["R02"]),
    **{
        f"times as programs write them: {day}": (
            lines("x,z,y", *(f'"{day.format(row)}",{row},{"ab"[row % 2]}' for row in range(10, 28))),
            {"x": [DAY(f"2021-08-10{clock}")]}, codes)
        for day, clock, codes in (
            ("2021/08/{} 8:28:32 AM GMT+1", " 08:28:32", []), ("2021/08/{} 12:00:00 AM EET", " 00:00", []),
            ("2021-08-{} 19:23:00 UTC", " 19:23", []), ("2021-08-{} 19:23:00 +0000 UTC", " 19:23", []),
            ("{}-AUG-21 01.48.17.000000000 PM", " 13:48:17", []), ("{}AUG2021:19:23:00", " 19:23", []),
            ("2021-08-{}-19.23.00.000000", " 19:23", []), ("{}/Aug/21 07:23 PM", " 19:23", []),
            ("2021-08-{} (Tue)", "", []), ("2021_08_{}", "", []), ("19:23 {}.08.2021", " 19:23", []),
            ("Aug {} 2021 07:23PM", " 19:23", []), ("{} August 2021 at 19:23", " 19:23", []),
            ("Tue Aug {} 19:23:00 +0000 2021", " 19:23", []), ("08/{}/2021 07:23:00 PM EST", " 19:23", []),
            ("{}.08.2021, 19:23 Uhr", " 19:23", []), ("Tuesday, August {}, 2021", "", []),
        )
    },
    "days without a year, with points": (
        lines("x,y", *(f"{row:02d}.07.,{'ab'[row % 2]}" for row in range(1, 31))), {"x": ["01.07."]}, ["R03"]),
    "a day that never comes in many cells": (
        lines("x,z,y", *(f"{'9999-12-31' if row % 3 == 2 else f'2021-08-{row:02d}'},{row},{'ab'[row % 2]}"
                         for row in range(10, 30))),
        {"x": [DAY("2021-08-10"), DAY("NaT"), DAY("2021-08-12")]}, ["R03"]),
    "pounds beside kilograms": (
        lines("x,y", *(f"{60 + row} {'lb' if row % 3 == 0 else 'kg'},{'ab'[row % 2]}" for row in range(40))),
        {"x": ["60 lb"]}, ["R03"]),
    "months and days without a year": (
        lines("x,y", *(f"{'Jul' if row % 2 else 'Aug'} {row:02d},{'ab'[row % 2]}" for row in range(1, 32))),
        {"x": ["Jul 01"]}, []),
    "numbers as Python shows them": (
        lines("x,y", *(f"Decimal('{row}.5'),{'ab'[row % 2]}" for row in range(20))), {"x": ["Decimal('0.5')"]},
        ["R03"]),
    "times as Python shows them": (
        lines("x,y", *(f"Timestamp('2021-03-{row:02d} 10:20:00'),{'ab'[row % 2]}" for row in range(1, 28))),
        {"x": ["Timestamp('2021-03-01 10:20:00')"]}, ["R03"]),
    "numbers of shops": (
        lines("shopId,y", *(f"{1_001 + row % 7},{'ab'[row % 2]}" for row in range(30))), {"shopId": [1_001]}, ["R02"]),
    "one category with and without HTML's signs": (
        lines("x,y", "R&D,a", "R&amp;D,b", "Sales,a"), {"x": ["R&D", "R&amp;D", "Sales"]}, ["R02"]),
    "one category in Latin and Cyrillic letters": (
        lines("x,y", "\u0421\u041e,a", "CO,b", "NO,a"), {"x": ["\u0421\u041e", "CO", "NO"]}, ["R02"]),
    "zip codes": (lines("x,y", "02139,a", "94305,b"), {"x": ["02139", "94305"]}, ["R02"]),
    "a letter among digits": (lines("x,y", "04,a", "A1,b"), {"x": ["04", "A1"]}, []),
    "accounts of 18 digits": (lines("x,y", "123456789012345678,a", "123456789012345679,b"),
                              {"x": ["123456789012345678", "123456789012345679"]}, ["R02"]),
    "None as a level": (lines("x,y", "None,a", "Mild,b", "Severe,a"), {"x": [None, "Mild"]}, ["R02"]),
    "North America": (lines("x,y", "NA,a", "EU,b", "AS,a"), {"x": [None, "EU"]}, ["R02"]),
    "zero alone": (lines("x,y", "0,a", "10,b"), {"x": [0, 10]}, []),
    "zero before the point": (lines("x,y", "0.5,a", "0.25,b"), {"x": [0.5, 0.25]}, []),
    "noughts at the end": (lines("x,y", "1.1,a", "1.10,b", "2.0,a"), {"x": ["1.1", "1.10", "2.0"]}, ["R02"]),
    "zeros in front, and a nought behind the point": (
        lines("x,y", *(f"{701 * row:05d}.0,{'ab'[row % 2]}" for row in range(1, 40))), {"x": ["00701.0"]}, ["R02"]),
    "two signs": (
        lines("x,y", *(f"{'-' * (row % 3)}{row},a" for row in range(1, 30)), "4,b"),
        {"x": ["-1", "--2"]}, ["R03"]),
    "formulas that failed": (
        lines("x,y", *(f"{row}.5,{'ab'[row % 2]}" for row in range(20)), "#DIV/0!,a", "#REF!,b"),
        {"x": [0.5]}, ["R03"]),
    "limits and a word of a test": (
        lines("x,y", "<0.001,a", "NS,b", "0.031,a", "0.2,b", "0.44,a", "0.9,b", "0.0021,a"),
        {"x": ["<0.001"]}, ["R03"]),
    "zeros in front, and a word": (
        lines("x,y", *(f"0{code},{'ab'[code % 2]}" for code in range(9400, 9430)), tail="Unknown,a\n"),
        {"x": ["09400"]}, ["R02"]),
    "telephones of a country": (
        lines("x,y", *(f"+48 675 532 {code},{'ab'[code % 2]}" for code in range(300, 330))), {"x": ["+48 675 532 300"]},
        ["R02"]),
    "policies in groups between points": (
        lines("x,y", *(f"69.466.{code},{'ab'[code % 2]}" for code in range(141, 171))), {"x": [69466141]}, ["R02"]),
    "prices in groups between points": (
        lines("x,y", *(f"1.{code}.000,{'ab'[code % 2]}" for code in range(141, 171))), {"x": [1141000]}, []),
    "wages of several forms": (
        lines("x,y", *(f"CHF {wage}/h,{'ab'[wage % 2]}" for wage in range(46, 60))), {"x": ["CHF 46/h"]}, ["R03"]),
    "places, and a word for none": (
        lines("x,y", *(f"{place},{'ab'[place % 2]}" for place in range(1, 9)), "DNF,a", "DNF,b"), {"x": ["1", "2"]},
        ["R03"]),
    "zeros in front of groups": (lines("x,y", "010 100 100,a", "123 101 107,b"), {"x": ["010 100 100"]}, ["R02"]),
    "zeros in front of groups between points": (
        lines("x;y", "038.558.131;a", "131.558.130;b"), {"x": ["038.558.131", "131.558.130"]}, ["R02"]),
    "one group with a zero in front": (
        lines("x,y", "1 100,a", "2 101,b", times=99, tail="012 345,b\n"), {"x": ["1 100"]}, ["R02"]),
    "more digits than a number has, far down": (
        "x,y\n" + "".join(f"{1000 + row},{'ab'[row % 2]}\n" for row in range(700)) + "1" + "0" * 30 + ",a\n",
        {"x": ["1000", "1001"]}, ["R02"]),
    "zeros in front, far down": (
        "x,y\n" + "".join(f"{1000 + row},{'ab'[row % 2]}\n" for row in range(700)) + "0123,a\n",
        {"x": ["1000", "1001"]}, ["R02"]),
    "zeros in front within quotes, far down": (
        "x,y\n" + "".join(f'"{1000 + row}",a\n"{1000 + row}",b\n' for row in range(400)) + '"0123",a\n',
        {"x": ["1000", "1000"]}, ["R02"]),
    "codes with an E among whole numbers": (
        lines("x,y", "12E4,a", "1234,b", "9981,a"), {"x": [12e4, 1234, 9981]}, ["R02"]),
    "large addresses of machines": (
        lines("x,y", "192.168.101.200,a", "192.168.102.201,b"), {"x": ["192.168.101.200", "192.168.102.201"]}, []),
    "marks at school": (lines("x,y", "1,a", "1-,b", "2+,a"), {"x": ["1", "1-", "2+"]}, []),
    "letters of two parts": (lines("x,y", "cafe\u0301,a", "café,b"), {"x": ["café", "café"]}, []),
    "versions": (lines("x,y", "1.2.3,a", "1.2.4,b"), {"x": ["1.2.3", "1.2.4"]}, []),
    "addresses of machines": (lines("x,y", "10.0.0.1,a", "10.0.0.2,b"), {"x": ["10.0.0.1", "10.0.0.2"]}, []),
    "ranges": (lines("x,y", "0-10,a", "10-20,b"), {"x": ["0-10", "10-20"]}, []),
    "telephones": (lines("x,y", "555 1234,a", "555 4321,b"), {"x": ["555 1234", "555 4321"]}, []),
    "ordinals": (lines("x,y", "1st,a", "2nd,b"), {"x": ["1st", "2nd"]}, []),
    "spellings of one category": (lines("x,y", "red,a", "Red,b", "blue ,a"), {"x": ["red", "Red", "blue"]}, ["R02"]),
    "sizes": (lines("x,y", "XL,a", "10,b"), {"x": ["XL", "10"]}, []),
}  # fmt: skip
BOOLEANS: dict[str, Case] = {
    "yes and no": (lines("x,y", "Yes,a", "no,b"), {"x": [1, 0]}, []),
    "true and false": (lines("x,y", "TRUE,a", "False,b"), {"x": [1, 0]}, []),
    "letters": (lines("x,y", "Y,a", "N,b"), {"x": [1, 0]}, []),
    "with a gap": (lines("x,y", "Y,a", "N,b", ",a"), {"x": [1, 0, GAP]}, []),
    "by several hands": (lines("x,y", "Yes,a", "No,b", "Y,a", "n,b"), {"x": [1, 0, 1, 0]}, []),
    "ticks": (lines("x,y", "x,a", ",b"), {"x": [1, 0]}, ["R02"]),
    "ones and nothing": (lines("x,y", "1,a", ",b"), {"x": [1, 0]}, ["R02"]),
    "a number or nothing": (lines("x,y", "7.5,a", ",b"), {"x": [7.5, GAP]}, []),
    "with a third word": (lines("x,y", "yes,a", "no,b", "unknown,a"), {"x": ["yes", "no", "unknown"]}, []),
    "zeros and ones": (lines("x,y", "1,a", "0,b"), {"x": [1, 0]}, []),
    "ones and noughts beside words": (lines("x,y", "yes,a", "0,b", "no,a", "1,b"), {"x": [1, 0, 0, 1]}, []),
}
DATES: dict[str, Case] = {
    "months with a point": (lines("x,y", "05.2021,a", "11.2022,b", "01.2023,a"),
                            {"x": [DAY("2021-05-01"), DAY("2022-11-01"), DAY("2023-01-01")]}, ["R02"]),
    "numbers that look like months, but for one": (
        lines("x,y", "5.2021,a", "11.2022,b", "13.2023,a"), {"x": [5.2021, 11.2022, 13.2023]}, []),
    "ISO": (lines("x,y", "2021-03-15,a", "2021-04-01,b"), {"x": [DAY("2021-03-15"), DAY("2021-04-01")]}, []),
    "with a clock": (lines("x,y", "2021-03-15 10:30,a", "2021-04-01T00:00:01,b"), {"x": [DAY("2021-03-15 10:30")]}, []),
    "some with a zone": (lines("x,y", "2021-03-15T10:30:00+02:00,a", "2021-04-01T00:00:00,b"),
                         {"x": [DAY("2021-03-15 08:30"), DAY("2021-04-01")]}, ["R02"]),
    "days beside times with a zone": (lines("x,y", "2021-03-15T10:30:00+02:00,a", "2021-04-01,b"),
                                      {"x": [DAY("2021-03-15 08:30"), DAY("2021-04-01")]}, []),
    "with a zone": (lines("x,y", "2021-03-15T10:30:00+02:00,a", "2021-04-01T00:00:00Z,b"),
                    {"x": [DAY("2021-03-15 08:30")]}, []),
    "day first": (lines("x,y", "15/03/2021,a", "01/04/2021,b"), {"x": [DAY("2021-03-15"), DAY("2021-04-01")]}, []),
    "month first": (lines("x,y", "03/15/2021,a", "04/01/2021,b"), {"x": [DAY("2021-03-15"), DAY("2021-04-01")]}, []),
    "nobody knows which": (lines("x,y", "03/04/2021,a", "05/06/2021,b"), {"x": [DAY("2021-03-04")]}, ["R02"]),
    "nobody knows which, but the other column does": (
        lines("x,z,y", "03/04/2021,15/03/2021,a", "05/06/2021,01/04/2021,b"), {"x": [DAY("2021-04-03")]}, ["R02"]),
    "points": (lines("x,y", "15.03.2021,a", "01.04.2021,b"), {"x": [DAY("2021-03-15"), DAY("2021-04-01")]}, []),
    "two forms": (lines("x,y", *["15/03/2021,a"] * 3, "2021-04-01,b"), {"x": [*[DAY("2021-03-15")] * 3,
                                                                              DAY("2021-04-01")]}, []),
    "years of two digits": (lines("x,y", "15/03/21,a", "01/04/21,b"), {"x": [DAY("2021-03-15")]}, []),
    "names of months": (lines("x,y", "15-Mar-2021,a", "1-Apr-2021,b"), {"x": [DAY("2021-03-15")]}, []),
    "German months": (lines("x,y", "15. März 2021,a", "1. Dezember 2020,b"), {"x": [DAY("2021-03-15"),
                                                                                     DAY("2020-12-01")]}, []),
    "short German months": (lines("x,y", "15-Mrz-2021,a", "1-Okt-2020,b"), {"x": [DAY("2021-03-15")]}, []),
    "French months": (lines("x,y", "15 août 2021,a", "3 déc. 2020,b"),
                      {"x": [DAY("2021-08-15"), DAY("2020-12-03")]}, []),
    "Spanish months": (lines("x,y", "15 de marzo de 2021,a", "1 de enero de 2020,b"), {"x": [DAY("2021-03-15")]}, []),
    "months": (lines("x,y", "03/2021,a", "12/2020,b"), {"x": [DAY("2021-03-01"), DAY("2020-12-01")]}, []),
    "quarters": (lines("x,y", "Q3 2022,a", "Q1 2023,b"), {"x": [DAY("2022-07-01"), DAY("2023-01-01")]}, []),
    "weeks": (lines("x,y", "2021-W05,a", "2021-W10,b"), {"x": [DAY("2021-02-01"), DAY("2021-03-08")]}, []),
    "of mails": (lines("x;y", "Mon, 15 Mar 2021 10:00:00 +0000;a", "Thu, 1 Apr 2021 09:30:00 +0200;b"),
                 {"x": [DAY("2021-03-15 10:00"), DAY("2021-04-01 07:30")]}, []),
    "of logs": (lines("x,y", "[15/Mar/2021:13:55:36 +0000],a", "[01/Apr/2021:00:00:01 +0000],b"),
                {"x": [DAY("2021-03-15 13:55:36")]}, []),
    "births of two centuries": (lines("x,y", "15.03.68,a", "23.01.35,b", "12.12.03,a"),
                                {"x": [DAY("1968-03-15"), DAY("1935-01-23"), DAY("2003-12-12")]}, []),
    "days to come": (lines("x,y", "15.03.29,a", "23.01.30,b"), {"x": [DAY("2029-03-15"), DAY("2030-01-23")]}, []),
    "no day at all": (lines("x,y", *(f"2021-03-{n:02},{'ab'[n % 2]}" for n in range(1, 19)), "1900-01-01,a", times=3),
                      {"x": [DAY("2021-03-01")]}, ["R02"]),
    "of China": (
        lines("x,y", "2023年1月3日,a", "2022年12月31日,b"), {"x": [DAY("2023-01-03"), DAY("2022-12-31")]}, []),
    "of Korea": (lines("x,y", "2023. 8. 16.,a", "2022. 12. 31.,b"), {"x": [DAY("2023-08-16"), DAY("2022-12-31")]}, []),
    "with blanks": (lines("x;y", "9. 3. 2023;a", "20.4. 2023;b"), {"x": [DAY("2023-03-09"), DAY("2023-04-20")]}, []),
    "with ordinals": (lines("x;y", "6th Jan 2023;a", "22nd May 2022;b"), {"x": [DAY("2023-01-06")]}, []),
    "of Turkey": (lines("x;y", "18 Eyl 2023;a", "2 Ara 2022;b"), {"x": [DAY("2023-09-18"), DAY("2022-12-02")]}, []),
    "of Poland": (lines("x,y", "1 stycznia 2023,a", "15 maja 2022,b"), {"x": [DAY("2023-01-01")]}, []),
    "of Russia": (lines("x,y", "1 января 2023 \u0433.,a", "15 мая 2022 \u0433.,b"), {"x": [DAY("2023-01-01")]}, []),
    "a day that is none among few": (
        lines("x,y", *(f"{n:02}.01.2023,{'ab'[n % 2]}" for n in range(1, 31)), "31.02.2023,b", times=1),
        {"x": [DAY("2023-01-01")]}, ["R03"]),
    "halves of years": (lines("x,y", "2019-1,a", "2019-2,b"), {"x": [DAY("2019-01-01"), DAY("2019-02-01")]}, ["R02"]),
    "a gap": (lines("x,y", "2021-03-15,a", "NA,b"), {"x": [DAY("2021-03-15"), pd.NaT]}, []),
    "a day that is none": (lines("x,y", *(f"2021-03-{n:02},a" for n in range(1, 32)), *["2021-02-03,b"] * 90, times=1,
                                 tail="2021-02-30,b\n"), {"x": [DAY("2021-03-01")]}, ["R03"]),
    "of SAS": (lines("x,y", "15JAN2020,a", "03DEC2021,b"), {"x": [DAY("2020-01-15"), DAY("2021-12-03")]}, []),
    "days of birth": (lines("x,y", "08/29/64,a", "12/31/99,b", "01/13/05,a"),
                      {"x": [DAY("1964-08-29"), DAY("1999-12-31"), DAY("2005-01-13")]}, []),
    "words among days": (lines("x,y", *(f"2021-03-{n:02},{'ab'[n % 2]}" for n in range(1, 19)), "TBC,a", "-,b"),
                         {"x": [DAY("2021-03-01")]}, ["R03"]),
    "the end of time": (lines("x,y", *(f"2021-03-{n:02},{'ab'[n % 2]}" for n in range(1, 19)), "9999-12-31,a"),
                        {"x": [DAY("2021-03-01")]}, ["R03"]),
    "noughts for a day": (lines("x,y", *(f"2021-03-{n:02},{'ab'[n % 2]}" for n in range(1, 19)), "0000-00-00,a"),
                          {"x": [DAY("2021-03-01")]}, ["R03"]),
    "days of which half are something else": (
        lines("x,y", *(f"2021-03-{n:02},{'ab'[n % 2]}" for n in range(1, 19)), "week 12,a", "week 13,b"),
        {"x": ["2021-03-01"]}, ["R03"]),
    "years of two digits with points": (
        lines("x,z,y", "26.08.20,1.5,a", "27.09.21,2.5,b"), {"x": [DAY("2020-08-26")]}, []),
    "seasons": (lines("x,y", *(f"{year}/{(year + 1) % 100:02d},{'ab'[year % 2]}" for year in range(2000, 2012))),
                {"x": [DAY("2000-01-01")]}, ["R02"]),
    "times without marks": (
        lines("x,y", *(f"202403{day}0610,{'ab'[day % 2]}" for day in range(10, 30)), times=1), {"x": [202403100610]},
        ["R02"]),
    "days without marks and centuries": (
        lines("x,y", *(f"2403{day},{'ab'[day % 2]}" for day in range(10, 30)), times=1), {"x": [240310]}, ["R02"]),
    "as a computer tells the time": (
        lines("x,y", "Mon Jan 01 06:10:00 2024,a", "Wed Jan 10 16:10:00 2024,b"), {"x": [DAY("2024-01-01 06:10")]}, []),
    "as browsers tell the time": (
        lines("x,y", "Mon Jan 01 2024 06:10:00 GMT+0100 (CET),a", "Wed Jan 10 2024 16:10:00 GMT+0100 (CET),b"),
        {"x": ["Mon Jan 01 2024 06:10:00 GMT+0100 (CET)"]}, ["R03"]),
    "with a day of the week": (
        lines("x;y", "Di, 01.01.2024;a", "Mi, 02.01.2024;b"), {"x": ["Di, 01.01.2024"]}, ["R03"]),
    "with letters for a zone": (
        lines("x,y", *(f"10/{day:02d}/2024 01:10 PM EST,{'ab'[day % 2]}" for day in range(1, 28))),
        {"x": [DAY("2024-10-01 13:10")]}, []),
    "years": (lines("x,y", "2020,a", "2021,b"), {"x": [2020, 2021]}, []),
    "days without marks": (lines("x,y", *(f"202103{n},{'ab'[n % 2]}" for n in range(10, 30)), times=1),
                           {"x": [20210310]}, ["R02"]),
}  # fmt: skip
LAYOUTS: dict[str, Case] = {
    "a title": ("Quarterly report\n\n" + lines("x,z,y", "5,6,a", "7,8,b"), {"x": [5, 7]}, ["R04"]),
    "a title as wide as the table": ("Quarterly report,,\n,,\n" + lines("x,z,y", "5,6,a", "7,8,b"), {"x": [5, 7]},
                                     ["R04"]),
    "comments": ("# made by a program\n# in 2021\n" + lines("x,y", "5,a", "7,b"), {"x": [5, 7]}, []),
    "a name that begins with a hash": (lines("#x,y", "5,a", "7,b"), {"#x": [5, 7]}, []),
    "the line of Excel": ("sep=;\n" + lines("x;y", "5;a", "7;b"), {"x": [5, 7]}, []),
    "a first row that may be units and is one": (
        lines("size,brand,y", "M,A,q", "48,A,p", "50,B,q", "52,C,p"), {"size": ["M", "48"]}, []),
    "units below the names": (lines("x,z,y\ncm,kg,", "5,6,a", "7,8,b"), {"x": [5, 7], "z": [6, 8]}, ["R04"]),
    "a first row of gaps is no row of units": (
        lines("age,k,y\nrefused,f,a", *(f"{n},m,{'ab'[n % 2]}" for n in range(20))), {"k": ["f", "m"]}, ["R03"]),
    "questions below the names": (
        lines("q1,q2,q3,y\nYour age?,Your height?,Your town?,Will you come?", "41,1.8,Bonn,a", "32,1.7,Ulm,b"),
        {"q1": [41, 32], "q3": ["Bonn", "Ulm"]}, ["R04"]),
    "questions, and below them what a program calls them": (
        lines('q1,q2,y\nYour age?,Your town?,Will you come?\n"{""ImportId"":""Q1""}","{""ImportId"":""Q2""}",'
              '"{""ImportId"":""Q3""}"', "41,Bonn,a", "32,Ulm,b"), {"q1": [41, 32], "q2": ["Bonn", "Ulm"]}, ["R04"]),
    "a first row of slips": (
        lines("age,size,k,y\nnot known,not known,f,a", *(f"{n},{n}.5,m,{'ab'[n % 2]}" for n in range(20))),
        {"k": ["f", "m"]}, ["R03", "R03"]),
    "units put together": (lines("v,a,y\nm/s,m/s^2,", "5,6,a", "7,8,b"), {"v": [5, 7]}, ["R04"]),
    "merged names": (lines("k,2019,,2020,,y\n,Sales,Cost,Sales,Cost,", "p,1,2,3,4,a", "q,5,6,7,8,b"),
                     {"2019 Sales": [1, 5], "2020 Cost": [4, 8]}, ["R04"]),
    "units in brackets": (lines("x,z,y\n[cm],(kg),", "5,6,a", "7,8,b"), {"x": [5, 7]}, ["R04"]),
    "two rows of names": (lines("size,,y\nwidth,height,", "5,6,a", "7,8,b").replace("width,height,", "width,height,y"),
                          {"size width": [5, 7], "size height": [6, 8]}, ["R04"]),
    "a note below": (lines("x,z,y", "5,6,a", "7,8,b", tail="Source: an office of numbers,,\n"), {"x": [5, 7]}, ["R04"]),
    "a total below": (lines("k,x,y", "p,5,a", "q,7,b", tail="Total,144,\n"), {"x": [5, 7]}, ["R04"]),
    "names again in the middle": (
        lines("x,z,y", "5,6,a", "7,8,b", tail="x,z,y\n9,10,a\n") + "11,12,b\n", {"x": [5, 7], "z": [6, 8]}, ["R04"]),
    "no names": (lines("5,6,a", "7,8,b", "5,6,a"), {"5": [7, 5]}, ["R04"]),
    "years as names": (lines("y,2021,2022", "a,5,6", "b,7,8"), {"2021": [5, 7], "2022": [6, 8]}, []),
    "numbers as names": (lines("0,1,y", "5,6,a", "7,8,b"), {"0": [5, 7]}, []),
    "a column without a name that counts": (lines(",x,y", *(f"{n},{n}.5,{'ab'[n % 2]}" for n in range(40)), times=1),
                                            {"x": [0.5, 1.5]}, []),
    "names of rows, as R writes them": (lines("x,y", *(f"r{n},{n}.5,{'ab'[n % 2]}" for n in range(40)), times=1),
                                        {"x": [0.5, 1.5]}, ["R04"]),
    "names of rows, cut by blanks": (
        lines('"x" "y"', *(f'"{n}" {n}.5 "{"ab"[n % 2]}"' for n in range(40)), times=1), {"x": [0.5, 1.5]}, ["R04"]),
    "a last column without a name": (lines("x,y", "5,a,u", "7,b,v"), {"x": [5, 7], "unnamed 3": ["u", "v"]}, ["R04"]),
    "sums among rows": (
        lines("k,l,x,y", *(f"p,l{n},{n},{'ab'[n % 2]}" for n in range(9)), "Subtotal,,36,", times=4, tail="q,l1,2,a\n"),
        {"x": list(range(9))}, ["R04"]),
    **{
        f"statistics below, {language}": (
            lines("k,x,y", *(f"s{n},{n}.5,{n % 7}.25" for n in range(40)), times=1,
                  tail="".join(f"{word},{n}.5,1\n" for n, word in enumerate(words, 3))),
            {"x": [0.5]}, ["R04"])
        for language, words in {
            "German": ("Durchschnitt", "Anzahl", "Min", "Standardabw."), "French": ("Moyenne", "\u00c9cart-type"),
            "Spanish": ("Promedio", "Desviaci\u00f3n", "M\u00e1ximo"),
            "Chinese": ("\u5e73\u5747", "\u6700\u5927\u503c"),
        }.items()
    },
    "statistics below": (
        lines("k,x,y", *(f"s{n},{n}.5,{n % 7}.25" for n in range(40)), times=1, tail="Mean,20,3\nMax,39.5,6\nSD,1,1\n"),
        {"x": [0.5, 1.5]}, ["R04"]),
    "a sum below without a word": (
        lines("k,x,y", *(f"s{n},{n}.5,{n % 7}.25" for n in range(40)), times=1, tail=",800,\n"),
        {"x": [0.5, 1.5]}, ["R04"]),
    "a person called Max": (
        lines("k,x,y", *(f"s{n},{n}.5,{n % 7}.25" for n in range(40)), times=1, tail="Max,39.5,6\n"),
        {"x": [n + 0.5 for n in range(40)] + [39.5]}, []),
    "another table below": (
        lines("x,z,y", "5,6,a", "7,8,b") + "\n" + lines("p,q,r", "u,1,v"), {"x": [5, 7]}, ["R04"]),
    "two columns of one name": (lines("x,x,y", "5,6,a", "7,8,b"), {"x": [5, 7], "x (2)": [6, 8]}, ["R04"]),
    "sums without a word": (
        lines("k;x;y", *(f"p{n};{n},5;{'ab'[n % 2]}" for n in range(9)), ";40,5;", times=4, tail="q;1;a\n"),
        {"x": [n + 0.5 for n in range(9)]}, ["R04"]),
    "sums without a word where all others have several": (
        lines("k;l;x;z", *(f"p{n};q{n % 3};{n},5;{n % 7},25" for n in range(12)), ";;71;40", times=4,
              tail="q;q1;1;2\n"),
        {"x": [n + 0.5 for n in range(12)]}, ["R04"]),
    "a sum below in decimal commas": (
        lines("k;x;z", *(f"s{n};{n},5;{n % 7},25" for n in range(40)), times=1, tail=";800,0;125,0\n"),
        {"x": [0.5, 1.5]}, ["R04"]),
    "a total in the second column": (
        lines("n;k;x;z", *(f"{n};s{n};{n},5;{n % 7},25" for n in range(40)), times=1, tail=";Toplam;800,0;1\n"),
        {"x": [0.5, 1.5]}, ["R04"]),
    "merged cells": (lines("k,x,y", *(f"{n // 6 if n % 6 == 0 else ''},{n},{'ab'[n % 2]}" for n in range(60)), times=1),
                     {"x": [0, 1]}, ["R02"]),
    "the same as above": (lines("k,x,y", "p,5,a", '"""",7,b'), {"k": ["p", '"']}, ["R02"]),
    "a delimiter at the end": (lines("x,y,", "5,a,", "7,b,"), {"x": [5, 7]}, []),
    "a delimiter at the end of rows alone": (lines("x,y", "5,a,", "7,b,"), {"x": [5, 7]}, []),
    "blank lines": (lines("x,y", "5,a", "", "7,b"), {"x": [5, 7]}, []),
    "cut by blanks": (lines("x    y", "5.0  a", "7.25 b"), {"x": [5, 7.25]}, []),
    "cut by bars": (lines("x|y", "5|a", "7|b"), {"x": [5, 7]}, []),
    "lines of old Macintoshes": (lines("x,y", "5,a", "7,b").replace("\n", "\r"), {"x": [5, 7]}, []),
    "lines of Windows": (lines("x,y", "5,a", "7,b").replace("\n", "\r\n"), {"x": [5, 7]}, []),
    "a line in a cell": (lines("x,w,y", '5,"one\ntwo",a', "7,three,b"), {"w": ["one\ntwo", "three"]}, []),
    "a delimiter in a cell": (lines("x,w,y", '5,"one, two",a', "7,three,b"), {"w": ["one, two", "three"]}, []),
    "a quote in a cell": (lines("x,w,y", '5,"6"" pipe",a', "7,three,b"), {"w": ['6" pipe', "three"]}, []),
    "quotes that nobody closes": (
        lines("n,w,v,y", *(f'{n},{w},{n}.5,{"ab"[n % 2]}' for n, w in enumerate(
            ["bolt"] * 5 + ['"3 in. pipe'] + ["nut"] * 19 + ['"3 in. pipe'] + ["bolt"] * 14)), times=1),
        {"n": list(range(40))}, ["R04"]),
    "a quote that goes on to the end": (
        lines("n,w,y", *(f'{n},{w},{"ab"[n % 2]}' for n, w in enumerate(["bolt"] * 9 + ['"3 in'] + ["nut"] * 20)),
              times=1),
        {"n": list(range(30))}, ["R04"]),
    "a quote that another one closes": (
        lines("n,w,v,y", *(f'{n},"{"ok" if n % 9 else "bad"}{"" if n in (7, 20) else chr(34)},{n}.5,{"ab"[n % 2]}'
                           for n in range(40)), times=1), {"n": list(range(40))}, ["R04"]),
    "quotes of a database": (
        lines("n,w,y", *(f'{n},"he said \\"hi, you\\" ok",{"ab"[n % 2]}' for n in range(30)), times=1),
        {"n": list(range(30)), "w": ['he said "hi, you" ok']}, []),
    "one delimiter too many in a row": (
        lines("n,w,v,y", *(f'{n},{"Smith, John" if n == 50 else "Ann"},{n}.5,{"ab"[n % 2]}' for n in range(180)),
              times=1), {"n": [*range(50), 51]}, ["R04"]),
    "what programs of old leave at the end": (lines("x,y", "5,a", "7,b", tail="\x1a"), {"x": [5, 7]}, []),
    "lines in cells that are no rows": (
        lines("n,w,y", *(f'{n},"one\ntwo, three\nfour",{"ab"[n % 2]}' for n in range(30)), times=1),
        {"n": list(range(30))}, []),
    "a blank before quotes": (lines("x,w,y", '5, "one, two",a', "7, three,b"), {"w": ["one, two", "three"]}, []),
    "short rows": (lines("x,z,y", *["5,6,a", "7,8,b"] * 20, times=1, tail="9\n"), {"x": [5, 7]}, ["R04"]),
    "one row too long": (lines("x,y", *["5,a", "7,b"] * 80, times=1, tail="9,8,7,6\n"), {"x": [5, 7]}, ["R04"]),
}  # fmt: skip
ENCODINGS: dict[str, Case] = {
    "UTF-8": (lines("größe,y", "5,ä", "7,ö").encode(), {"größe": [5, 7]}, []),
    "with a mark": (lines("größe,y", "5,ä", "7,ö").encode("utf-8-sig"), {"größe": [5, 7]}, []),
    "UTF-16": (lines("größe,y", "5,ä", "7,ö").encode("utf-16"), {"größe": [5, 7]}, []),
    "UTF-32": (lines("größe,y", "5,ä", "7,ö").encode("utf-32"), {"größe": [5, 7]}, []),
    "of Windows": (lines("größe,y", "5,ä", "7,ö").encode("cp1252"), {"größe": [5, 7]}, ["R05"]),
    "Chinese": (lines("花萼,y", "5,山鸢尾", "7,其他的花").encode("gbk"), {"花萼": [5, 7]}, ["R05"]),
    "Japanese": (lines("大きさ,y", "5,東京です", "7,大阪です").encode("shift_jis"), {"大きさ": [5, 7]}, ["R05"]),
    "Greek": (lines("όνομα,y", "5,Αθήνα", "7,Θεσσαλονίκη").encode("cp1253"), {"όνομα": [5, 7]}, ["R05"]),
    "Korean": (lines("이름,y", "5,서울특별시", "7,부산광역시").encode("cp949"), {"이름": [5, 7]}, ["R05"]),
    "UTF-8 that was taken for another": (lines("grÃ¶ÃŸe,y", "5,Ã¤", "7,b").encode(), {"grÃ¶ÃŸe": [5, 7]}, ["R05"]),
    "letters that look so": (lines("Ångström,y", "5,São", "7,Ærø").encode(), {"Ångström": [5, 7]}, []),
    "Chinese names alone": (lines("销售额,y", "5,a", "7,b").encode("gbk"), {"销售额": [5, 7]}, ["R05"]),
    "Japanese names alone": (lines("日付,y", "5,a", "7,b").encode("shift_jis"), {"日付": [5, 7]}, ["R05"]),
    "Polish": (
        lines("nazwa,y", "Odszedł,a", "Łódź,b", "Gdańsk,a", "żółw,b").encode("cp1250"),
        {"nazwa": ["Odszedł", "Łódź", "Gdańsk", "żółw"]},
        ["R05"],
    ),
    "Turkish": (
        lines("şehir,y", "Iğd\u0131r,a", "Muğla,b", "Ş\u0131rnak,a").encode("cp1254"),
        {"şehir": ["Iğd\u0131r", "Muğla", "Ş\u0131rnak"]},
        ["R05"],
    ),
    "a degree": (lines("temp °C,y", "5,a", "7,b").encode("cp1252"), {"temp °C": [5, 7]}, ["R05"]),
    "Russian": (lines("размер,y", "5,красный цвет", "7,синий цвет").encode("cp1251"), {"размер": [5, 7]}, ["R05"]),
}
EVERY = {f"{kind}: {name}": case for kind, cases in (
    ("numbers", NUMBERS), ("gaps", GAPS), ("codes", CODES), ("booleans", BOOLEANS), ("dates", DATES),
    ("layout", LAYOUTS), ("encoding", ENCODINGS)) for name, case in cases.items()}  # fmt: skip


@pytest.mark.parametrize(("content", "wanted", "codes"), EVERY.values(), ids=EVERY)
def test_a_table_is_read_as_it_was_meant(content, wanted, codes, tmp_path):
    frame = raw_table(file(tmp_path, content)).frame
    dataset = read(file(tmp_path, content), target=frame.columns[-1] if "y" not in frame.columns else "y")
    for name, cells in wanted.items():
        found = dataset.inputs[name].head(len(cells))
        if isinstance(cells[-1], str):
            assert [None if pd.isna(cell) else cell for cell in found] == cells
        elif isinstance(cells[0], pd.Timestamp):
            np.testing.assert_array_equal(found.to_numpy(), pd.to_datetime(pd.Series(cells)).to_numpy())
        else:
            np.testing.assert_allclose(found.to_numpy(float), cells)
    assert sorted(finding.code for finding in dataset.findings) == codes
    assert all(finding.message.endswith(".") and finding.advice for finding in dataset.findings)


@pytest.mark.parametrize(("content", "wanted", "codes"), EVERY.values(), ids=EVERY)
def test_a_table_is_read_alike_where_it_is_large(content, wanted, codes, tmp_path, at_once):
    path = file(tmp_path, content)
    quick = large_files.read(path)
    if quick is None:
        return  # which tables it leaves to text_files the next test says
    slow = text_files.read(path.read_bytes(), path.name)
    assert quick.decimal == slow.decimal and quick.findings == slow.findings
    found, wanted = (type_table(frames.named(table.frame), table.decimal) for table in (quick, slow))
    pd.testing.assert_frame_equal(found[0], wanted[0])
    assert found[1:] == wanted[1:]


PLAIN = "n,w,y\n" + "1.5,red,a\n-2,blue,b\n,,a\n4e3,green,b\n" * 5
LARGE = {
    "plain": (PLAIN, True),
    "semicolons": (PLAIN.replace(",", ";"), True),
    "tabs": (PLAIN.replace(",", "\t"), True),
    "lines end as Windows ends them": (PLAIN.replace("\n", "\r\n"), True),
    "no end of the last line": (PLAIN.rstrip("\n"), True),
    "letters of others": (PLAIN.replace("red", "größe"), True),
    "a word for a gap": (PLAIN.replace("-2", "NA"), True),
    "a word among numbers, late": (PLAIN + "many,red,a\n", True),
    "whole numbers": (PLAIN.replace("1.5", "1").replace("4e3", "4"), True),
    "true and false": (PLAIN.replace("red", "True").replace("blue", "False").replace("green", "True"), True),
    "days between strokes, with zeros in front": (PLAIN.replace("red", "01/02/2021"), True),
    "zeros alone": (PLAIN.replace("1.5", "0"), True),
    "true and false in capitals": (
        PLAIN.replace("red", "TRUE").replace("blue", "FALSE").replace("green", "TRUE"), False),
    "quotes": (PLAIN.replace("red", '"red"'), False),
    "codes that begin with zeros, late": (PLAIN + "007,red,a\n", False),
    "a code at the very end": ("y,n\n" + "a,1\nb,2\n" * 10 + "a,007", False),
    "more digits than a number has": (PLAIN.replace("1.5", "12345678901234567").replace("4e3", "4"), False),
    "digits without an end": (PLAIN.replace("1.5", "123456789012345678901").replace("4e3", "4"), False),
    "a row too short": (PLAIN + "1,red\n", False),
    "a row too long": (PLAIN + "1,red,a,5\n", False),
    "a row too short and one too long": (PLAIN + "1,red\n1,red,a,5\n", False),
    "a blank line": (PLAIN.replace("b\n", "b\n\n", 1), False),
    "a row of nothing": (PLAIN + ",,\n", False),
    "a line that ends as on old Macs": (PLAIN.replace("b\n", "b\r", 1), False),
    "a title above": ("all of it\n" + PLAIN, False),
    "a note below": (PLAIN + "all of it\n", False),
    "decimal commas": (PLAIN.replace(",", ";").replace(".", ","), False),
    "Latin letters": (PLAIN.replace("red", "größe").encode("cp1252"), False),
    "UTF-8 that breaks late": (PLAIN.encode() + b"1,r\xffd,a\n", False),
    "a mark of bytes": ("\ufeff" + PLAIN, False),
    "one column": ("y\n" + "a\nb\n" * 20, False),
    "names alone": ("n,w,y\n", False),
    "points between thousands": (PLAIN.replace("1.5", "1.311").replace("-2", "120").replace("4e3", "7"), False),
    "binary": (b"n,w,y\n\x00\x00\x00", False),
}  # fmt: skip


@pytest.mark.parametrize(("content", "quick"), LARGE.values(), ids=LARGE)
def test_a_large_file_that_is_odd_is_left_to_the_careful_reader(content, quick, tmp_path, at_once):
    path = file(tmp_path, content)
    found = large_files.read(path)
    assert (found is not None) == quick
    if found is None:
        return
    slow = text_files.read(path.read_bytes(), path.name)
    assert found.decimal == slow.decimal and found.findings == slow.findings
    pd.testing.assert_frame_equal(type_table(found.frame)[0], type_table(slow.frame)[0])
    assert read(path, target="y").inputs.equals(type_table(slow.frame.drop(columns="y"))[0])


def test_a_file_of_many_blocks_is_read_by_all_cores(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "x": rng.normal(size=200_000), "n": rng.integers(0, 99, 200_000),
        "w": rng.choice(["red", "blue", None], 200_000),
        "y": rng.choice(["a", "b"], 200_000),
    })  # fmt: skip
    path = tmp_path / "large.csv"
    frame.to_csv(path, index=False)
    assert path.stat().st_size > large_files.FEWEST_BYTES and large_files.read(path) is not None
    dataset = read(path, target="y")
    np.testing.assert_array_equal(dataset.inputs["x"], frame["x"])
    np.testing.assert_array_equal(dataset.inputs["n"], frame["n"])
    pd.testing.assert_series_equal(dataset.inputs["w"], frame["w"].astype("category"), check_categorical=False)
    assert [dataset.classes[code] for code in dataset.target] == frame["y"].tolist()


TARGETS = {
    "counts": (lambda rng: rng.poisson(1.5, 1500), "regression", ["R02"]),
    "counts of many": (lambda rng: rng.poisson(6, 1500), "regression", ["R02"]),
    "codes of ten classes": (lambda rng: rng.integers(0, 10, 1500), "multiclass", ["R02"]),
    "codes with a decimal": (lambda rng: rng.integers(0, 3, 1500).astype(float), "multiclass", ["R02"]),
    "two codes": (lambda rng: rng.integers(1, 3, 1500), "binary", []),
    "amounts": (lambda rng: rng.normal(size=1500).round(3), "regression", []),
    "whole amounts": (lambda rng: rng.integers(0, 5000, 1500), "regression", []),
    "spellings": (lambda rng: rng.choice(["Yes", "yes ", "No", "no"], 1500), "binary", ["R02"]),
    "words of several hands": (lambda rng: rng.choice(["Yes", "Y", "No", "N"], 1500), "binary", ["R02"]),
    "letters in capitals and not": (lambda rng: rng.choice(["a", "A"], 1500), "binary", ["R02"]),
}  # fmt: skip


def test_classes_that_differ_in_a_full_stop_are_one(tmp_path):
    dataset = read(file(tmp_path, lines("x,y", "1,<=50K", "2,>50K", "3,<=50K.", "4,>50K.")), target="y")
    assert dataset.classes == ("<=50K", ">50K") and [finding.code for finding in dataset.findings] == ["R02"]


def test_cells_that_an_arff_file_does_not_declare_are_told(tmp_path):
    head = "@relation r\n@attribute n numeric\n@attribute k {u,v}\n@attribute y {a,b}\n@data\n"
    dataset = read(file(tmp_path, head + "1,u,a\n2,v,b\n0x10,z,a\n?,?,b\n" * 20, "t.arff"), target="y")
    assert [finding.evidence["cells"] for finding in dataset.findings] == [20, 20]


@pytest.mark.parametrize(
    "cells", [[1, False, "TRUE", True, 0], [True, False, "TRUE", 1, 0], [1, True, "yes", False, 0]]
)
def test_true_and_one_are_told_apart_in_whatever_order(cells):
    dataset = read(pd.DataFrame({"x": cells * 20, "y": [0, 1] * 50}), target="y")
    truth = [str(cell).casefold() in ("1", "true", "yes") for cell in cells]
    assert dataset.inputs["x"].tolist()[:5] == truth and dataset.notes


@pytest.mark.parametrize("content", ["a," * 400_000, "," * 400_000], ids=["names", "gaps"])
def test_a_row_without_an_end_is_refused_at_once(content, tmp_path):
    with pytest.raises(UserError, match=r"400,00[01] columns or more; up to 20,000"):
        read(file(tmp_path, content), target="y")


def test_names_that_are_there_twice_get_numbers(tmp_path):
    dataset = read(file(tmp_path, lines("x,x,x (2),x,y", "1,2,3,4,a", "5,6,7,8,b")), target="y")
    assert list(dataset.inputs) == ["x", "x (2)", "x (2) (2)", "x (3)"]


@pytest.mark.parametrize("day", ["01/Oct/2024:00:05:01 +0200", "2024-10-01 00:05:01+02", "2024-10-01T00:05:01+02:00"])
def test_times_of_a_zone_are_read_as_utc_and_told(day, tmp_path):
    dataset = read(file(tmp_path, lines("x,y", f"{day},a", f"{day.replace('01/Oct', '02/Oct')},b")), target="y")
    assert (
        dataset.inputs["x"][0] == DAY("2024-09-30 22:05:01")
        and "Times of a zone were read as UTC in 'x'." in dataset.notes
    )


def test_whole_numbers_of_python_that_are_too_large_are_codes():
    dataset = read(
        pd.DataFrame({"x": pd.Series([10**19 + row for row in range(60)], dtype=object), "y": [0, 1] * 30}), target="y"
    )
    assert dataset.inputs["x"].nunique() == 60 and [finding.code for finding in dataset.findings] == ["R02"]


@pytest.mark.timeout(60)  # it had taken time that grows with the square of their length: hours
def test_long_runs_of_letters_end(tmp_path):
    cells = "".join(f"{'ACGT' * 20_000},{row},{'ab'[row % 2]}\n" for row in range(30))
    assert read(file(tmp_path, "dna,n,y\n" + cells), target="y").inputs["n"].tolist() == list(range(30))


@pytest.mark.parametrize(("made", "task", "codes"), TARGETS.values(), ids=TARGETS)
def test_targets(made, task, codes, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=1500), "y": made(rng)})
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    for source in (frame, path):
        dataset = read(source, target="y")
        assert dataset.task == task and len(dataset.target) == 1500, "no row is dropped"
        assert [finding.code for finding in dataset.findings] == codes


def test_what_is_said_of_a_column_is_done(tmp_path):
    path = file(tmp_path, lines("zip,day,size,note,y", "01234,20210315,5,one two,a", "99999,20210401,x,three,b"))
    inputs = read(path, target="y", read_as={"zip": "number", "day": "date", "size": "number", "note": "text"}).inputs
    assert inputs["zip"].tolist()[:2] == [1234, 99999]
    assert inputs["day"].tolist()[:2] == [DAY("2021-03-15"), DAY("2021-04-01")]
    np.testing.assert_array_equal(inputs["size"].to_numpy()[:2], [5, GAP])
    assert read(path, target="y", read_as={"day": "category"}).inputs["day"].dtype == "category"
    with pytest.raises(UserError, match="Did you mean 'number'"):
        read(path, target="y", read_as={"zip": "numbre"})
    with pytest.raises(UserError, match=r"The read column 'zp' is not in the table\. Did you mean 'zip'"):
        read(path, target="y", read_as={"zp": "number"})


def test_what_is_said_of_a_file_is_done(tmp_path):
    path = file(tmp_path, lines("x;y", "1,250;a", "2,375;b"))
    assert read(path, target="y", decimal=",").inputs["x"].tolist()[:2] == [1.25, 2.375]
    assert read(path, target="y", decimal=".").inputs["x"].tolist()[:2] == [1250, 2375]
    headless = file(tmp_path, lines("5,6,a", "7,8,b", "5,6,a"))
    assert list(read(headless, target="column 3", header=0).inputs.columns) == ["column 1", "column 2"]
    titled = file(tmp_path, "made by me\nx,y,z\n" + lines("p,q,y", "5,6,a", "7,8,b"))
    assert list(read(titled, target="y", header=3).inputs.columns) == ["p", "q"]
    with pytest.raises(UserError, match="--header 9000 is beyond"):
        read(titled, target="y", header=9000)
    german = file(tmp_path, lines("größe,y", "5,ä", "7,ö").encode("cp1252"))
    assert list(read(german, target="y", encoding="cp1252").inputs.columns) == ["größe"]
    for wrong, fragment in (("utf-8", "not written in utf-8"), ("klingon", "No encoding is called 'klingon'")):
        with pytest.raises(UserError, match=fragment):
            read(german, target="y", encoding=wrong)


def test_signs_that_are_gaps_among_words_are_told_once_for_all_columns(tmp_path):
    dataset = read(file(tmp_path, lines("x,z,y", "red,?,a", "blue,soft,b", "?,hard,a")), target="y")
    assert "'?' was read as a gap in 'x' and 'z'." in dataset.notes


@pytest.mark.parametrize(("content", "wanted", "codes"), EVERY.values(), ids=EVERY)
def test_nothing_is_strange_of_the_very_rows_that_were_learnt(content, wanted, codes, tmp_path):
    path = file(tmp_path, content)
    frame = raw_table(path).frame
    target = frame.columns[-1] if "y" not in frame.columns else "y"
    dataset = read(path, target=target)
    typed, learnt = MODALITY.typed(dataset), frame[frame[target].notna() & (frame[target] != "")]
    assert len(learnt) == len(dataset.target)
    with warnings.catch_warnings():
        warnings.simplefilter("error", NewRowsWarning)
        typed.transform(learnt)
        if len(learnt) == len(frame) and not any("left out" in finding.message for finding in dataset.findings):
            typed.transform(MODALITY.rows(path, typed.get_feature_names_out().tolist()))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([f"服务热情、味道不错、第{n}次再来、强烈推荐。" for n in range(60)], "text"),
        ([f"とても美味しかったです。また来たいと思います{n}" for n in range(60)], "text"),
        ([f"อร่อยมากบริการดีเยี่ยมชอบมากที่สุด{n}" for n in range(60)], "text"),
        ([f"ອາຫານແຊບຫຼາຍການບໍລິການດີຫຼາຍ{n}" for n in range(60)], "text"),
        ([f"អាហារឆ្ងាញ់ណាស់សេវាកម្មល្អណាស់{n}" for n in range(60)], "text"),
        ([f"{chr(0x1F600 + n)}😁😂🤣" for n in range(60)], "text"),
        ([f"王小{chr(0x4E00 + n)}" for n in range(60)], "id-like"),
        ([f"สมชาย ใจดี{chr(0xE01 + n)}" for n in range(40)], "id-like"),
        ([f"アレクサンダー{chr(0x30A1 + n)}" for n in range(60)], "id-like"),
        ([f"the parcel number {n} came a week late and was broken when it came" for n in range(30)], "text"),
        ([f"the parcel number {n % 25} came a week late and was broken" for n in range(50)], "categorical"),
        ([f"Parcel {n} by ship" for n in range(30)], "id-like"),
    ],
)  # fmt: skip
def test_texts_are_told_from_names_in_any_language(cells, kind):
    data = read(pd.DataFrame({"note": cells, "y": ["a", "b"] * (len(cells) // 2)}), target="y")
    assert MODALITY.facts(data)[0].kind == kind


def put_together(words: tuple[str, str], encodings: tuple[str, str], every: int) -> bytes:
    texts = (f"{words[n % 2]} {n},{'ab'[n % 2]}\n".encode(encodings[n % every == 0]) for n in range(200))
    return b"t,y\n" + b"".join(texts)


@pytest.mark.parametrize(
    ("words", "encodings", "every", "lines"),
    [
        (("très bon café déjà vu", "größe"), ("utf-8", "cp1252"), 2, 100),
        (("très bon café déjà vu", "größe"), ("utf-8", "cp1252"), 50, 4),
        (("très bon café déjà vu", "größe"), ("cp1252", "utf-8"), 100, 198),
        (("山鸢尾是一种花", "其他的花"), ("utf-8", "gbk"), 2, 100),
        (("красный цвет", "синий цвет"), ("utf-8", "cp1251"), 3, 67),
    ],
)
def test_lines_of_two_encodings_are_read_each_by_its_own(words, encodings, every, lines, tmp_path):
    data = read(file(tmp_path, put_together(words, encodings, every)), target="y")
    assert data.inputs["t"].tolist() == [f"{words[n % 2]} {n}" for n in range(200)]
    (told,) = [finding for finding in data.findings if finding.code == "R05"]
    assert told.severity == "warning" and told.evidence["lines"] == lines


@pytest.mark.parametrize("encoding", ["gbk", "cp949", "shift_jis", "cp1252"])
def test_lines_that_are_unicode_by_chance_make_no_mix(encoding, tmp_path):
    rng = np.random.default_rng(0)
    first = {"gbk": 0xB0A1, "cp949": 0xB0A1, "shift_jis": 0x88A0, "cp1252": 0}[encoding]
    signs = [bytes(divmod(first + 256 * row + n, 256)) for row in range(20) for n in range(90)] if first else [
        bytes([n]) for n in (0xC4, 0xD6, 0xE4, 0xE9, 0xF1, 0xDF)]  # fmt: skip
    cells = [b"".join(signs[place] for place in rng.integers(0, len(signs), rng.integers(1, 4))) for _ in range(300)]
    data = read(file(tmp_path, b"t,y\n" + b"".join(b"a%s,%d\n" % (cell, n % 2) for n, cell in enumerate(cells))), "y")
    assert [finding.severity for finding in data.findings if finding.code == "R05"] == ["info"]


def test_letters_cut_off_in_a_file_of_unicode_are_not_of_another_encoding(tmp_path):
    content = lines("größe,y", *["5,größe", "7,ö"] * 30, times=1).encode() + b"9,gr\xc3\n"
    (told,) = [each for each in read(file(tmp_path, content), target="größe").findings if each.code == "R05"]
    assert told.evidence == {"letters": 1}
