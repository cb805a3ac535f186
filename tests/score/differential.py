#!/usr/bin/env python3
"""Compares `weir-score extract` with Python's re, which the harnesses use, on generated texts.

usage: differential.py WEIR_SCORE [SEED [COUNT]]

The functions below are those of AISBench 3.1 and OpenCompass 0.5 (gsm8k_postprocess, text_postprocessors.py and
model_postprocessors.py; the patterns stand in ../fixtures/golden) and of lm-eval 0.4.13 (the filters of tasks/gsm8k and
tasks/gsm8k/gsm8k-cot.yaml), written out so that no harness has to be installed. Both sides get the same texts; every
answer must be the same. Exit status: 0 all agree, 1 some differ, 2 trouble.
"""
import json
import pathlib
import random
import re
import subprocess
import sys
import unicodedata


def opencompass(text):
    numbers = re.findall(r'\-?\d+\.\d+|\-?\d+', text.split('Question:')[0])
    return numbers[-1] if numbers else 'NULL'


def lm_eval(pattern, select):
    compiled = re.compile(pattern)

    def read(text):
        found = compiled.findall(text)
        if not found:
            return '[invalid]'
        match = found[select]
        if isinstance(match, tuple):
            match = [m for m in match if m]
            match = match[0] if match else '[invalid]'
        return match.strip()
    return read


PATTERNS = [line.rstrip('\n') for line in
            open(pathlib.Path(__file__).parent.parent / 'fixtures/golden/first_option_patterns.txt', encoding='utf-8')]


def first_option(text):
    for pattern in PATTERNS:
        text = text.strip()
        match = re.search(pattern, text, re.DOTALL)
        if match:
            said = match.group(1) if match.group(1) else match.group(0)
            for option in 'ABCD':
                if option in said:
                    return option
    return None


def first_capital(text):
    return next((c for c in text if c.isupper()), None)


def last_option(text):
    found = re.findall('([ABCD])', text)
    return found[-1] if found else None


def after_think(text):
    if '<think>' not in text and '</think>' in text:
        return text.split('</think>')[-1].strip()
    return re.sub(r'<think>(.*?)</think>', '', text, flags=re.DOTALL).strip()


CHOICE_RULES = {'first_option': first_option, 'first_capital': first_capital, 'last_option': last_option,
                'after_think': after_think}
GSM8K_RULES = {
    'gsm8k_opencompass': opencompass,
    'gsm8k_strict': lm_eval(r'#### (\-?[0-9\.\,]+)', 0),
    'gsm8k_flexible': lm_eval(r'(-?[$0-9.,]{2,})|(-?[0-9]+)', -1),
    'gsm8k_cot_strict': lm_eval(r'The answer is (\-?[0-9\.\,]+).', 0),
}

# Digits that every Python since 3.9 knows; one of each script, with characters that look like digits and are none.
DIGITS = [chr(c) for c in range(0x20000) if unicodedata.category(chr(c)) == 'Nd' and c % 7 == 0]
PIECES = (['####', '#### ', '###', '#', '# ', 'The answer is ', 'The answer is', 'the answer is ', 'Question:', 'Question',
           '-', '--', '$', ',', '.', '..', ' ', '\n', '\r\n', '\t', '%', '(', ')', 'x', 'eggs', ' = ', '*', '<<', '>>', '\0',
           '18', '7', '0', '1,250', '3.50', '1234567', '$2,125', '-5', '1e3', '3/4', '.5', '5.', ',,', '$$', '-$', '$.', '-.,',
           'é', '答案', '：', '²', '五', '½', '\u2212', '\ufeff', '\u2028', '\U0001f600']
          + DIGITS)


# What the patterns of first_option are made of, and letters that are nearly options.
CHOICE_PIECES = ('答案 是 答案是 答案选项 应 该 应该 为 选 选择 故 故选 只有 选项 项 对 错 不 正确 错误 说法 说法不 的 是正确的 是正确答案 '
                 '所以 所以答 所有 即 因此 显然 ： : 。 . ， , ？ ( ) * ** $ { } boxed{ \\boxed{ 1 1. 2. answer Answer ANSWER anſwer '
                 'The the answer is correct option to the question The\u3000answer A B C D a b c d AB BCD Ａ Ｂ Á Ω ǅ Ⅳ 乙 '
                 '<think> </think> x é').split(' ') + [' ', ' ', '\n', '\u3000', '\u2028', '\x1c', '\0',
                                                      'The answer is ', 'The correct answer is', 'the answer is option: ']


def gsm8k_piece(rng):
    if rng.random() < 0.15:  # a marker, and something like a number right behind it
        return rng.choice(['#### ', 'The answer is ', '$', '-']) + ''.join(
            rng.choice('0123456789.,-$') for _ in range(rng.randrange(0, 5)))
    return rng.choice(PIECES)


def choice_piece(rng):
    if rng.random() < 0.4:  # a pattern with its sets and options left as they may match
        pattern = re.sub(r'\(\?:.*?\)|\(\?i\)|\(\\s\|\^\)|[$^]|(?<!\\)[()]', '', rng.choice(PATTERNS))
        pattern = re.sub(r'\[([^\]]*)\]', lambda m: rng.choice(m[1].replace('\\s', ' ').replace('\\', '')), pattern)
        pattern = re.sub(r'\\s[*+?]?', lambda m: rng.choice(['', ' ', '  ', '\n', '\u3000']), pattern)
        pattern = re.sub(r'\.\*\?', lambda m: rng.choice(['', ' x ']), pattern)
        return re.sub(r'(\\?.)\?', lambda m: rng.choice(['', m[1]]), pattern).replace('\\', '')
    return rng.choice(CHOICE_PIECES)


def text_of(rng, piece_of, most):
    pieces = [piece_of(rng) for _ in range(rng.choice([1, rng.randrange(0, most)]))]
    if rng.random() < 0.05:  # a long one, to cross whatever blocks a scanner works in
        pieces *= rng.randrange(2, 60)
    return ''.join(pieces)


def opencompass_equal(predicted, gold):
    gold = gold.replace(',', '')
    try:
        return predicted == gold or abs(float(predicted) - int(gold)) < 1e-6
    except (ValueError, TypeError):
        return False


def lm_eval_equal(predicted, gold):
    for ignored in (',', r'\$', r'(?s).*#### ', r'\.$'):
        predicted, gold = re.sub(ignored, '', predicted), re.sub(ignored, '', gold)
    return predicted.lower() == gold.lower()


def compare_readings(tool, rules, texts):
    lines = ''.join(json.dumps({'text': t}) + '\n' for t in texts).encode()
    differ = 0
    for rule, read in rules.items():
        ran = subprocess.run([tool, 'extract', '--rule', rule], input=lines, stdout=subprocess.PIPE, check=True)
        answers = [json.loads(line)['answer'] for line in ran.stdout.splitlines()]
        assert len(answers) == len(texts), (len(answers), len(texts))
        wrong = [(t, read(t), a) for t, a in zip(texts, answers) if read(t) != a]
        found = sum(a not in (None, 'NULL', '[invalid]') for a in answers)
        print(f'{rule}: {len(texts)} texts, {found} with an answer, {len(wrong)} differ')
        for text, theirs, ours in wrong[:3]:
            print(f'  {text!r}: re reads {theirs!r}, weir {ours!r}')
        differ += len(wrong)
        assert found > len(texts) // 20, f'{rule}: the texts hardly test it'
    return differ


def compare_verdicts(tool, rng, count, judges):
    """`judges`: by rule, how it reads a text and whether it takes what it read for the gold."""
    golds = ['18', '1,250', '1250', '2.5', '2.50', '-3', '$18', '18.00', '0', '007', '18.', '1,000,000', '\uff11\uff18']
    forms = ['{}', '{}.', '{}.0', '${}', '{}0', '{}.0000001', '{}.00001', '-{}', '+{}', ' {}', '{},', '0{}', '{}..']
    rows = []
    for i in range(count):
        gold, other = rng.choice(golds), rng.choice(golds)
        number = rng.choice(forms).format(rng.choice([gold, gold.replace(',', ''), other]))
        rows.append({'id': str(i), 'expected': gold, 'text': rng.choice(['', '#### ', 'The answer is ']) + number
                     + rng.choice(['', '.', '\n', ' ok', '. So 18.'])})
    lines = ''.join(json.dumps(row) + '\n' for row in rows).encode()
    ran = subprocess.run([tool, '--json', '--rules', 'gsm8k'], input=lines, stdout=subprocess.PIPE, check=True)
    differ = right = 0
    for row, line in zip(rows, ran.stdout.splitlines()):
        verdicts = json.loads(line)['correct']
        for rule, (read, equal) in judges.items():
            expected = equal(read(row['text']), row['expected'])
            right += expected
            if verdicts[rule] != expected:
                differ += 1
                print(f'  {rule} of {row}: the harness says {expected}')
    print(f'verdicts: {count * len(judges)} compared, {right} right answers, {differ} differ')
    assert right > count // 10, 'the texts hardly test it'
    return differ


def main():
    tool = sys.argv[1]
    seed, count = int(sys.argv[2]) if len(sys.argv) > 2 else 1, int(sys.argv[3]) if len(sys.argv) > 3 else 20000
    rng = random.Random(seed)
    differ = compare_readings(tool, GSM8K_RULES, [text_of(rng, gsm8k_piece, 14) for _ in range(count)])
    differ += compare_readings(tool, CHOICE_RULES, [text_of(rng, choice_piece, 8) for _ in range(count)])
    judges = {rule: (read, opencompass_equal if rule == 'gsm8k_opencompass' else lm_eval_equal)
              for rule, read in GSM8K_RULES.items()}
    return 1 if differ + compare_verdicts(tool, rng, count, judges) else 0


if __name__ == '__main__':
    sys.exit(main())
