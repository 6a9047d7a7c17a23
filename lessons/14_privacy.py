# %% [markdown]
# # 14 · Privacy
# <!-- badge -->
#
# You make a generator recite a card number from its training data, and measure which of the usual remedies stop it.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | Python and PyTorch tensors; what a loss and its gradient are; probabilities, logarithms, the bell curve; lesson 12 helps | find personal data in texts and say how much you miss<br>replace it so that it can't be looked up again<br>say how many people hide behind a row of a table<br>measure in bits what a generator remembers<br>train with differential privacy and state what its ε promises |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
steps = None  # of ordinary training; None: chosen for this machine
private_steps = None  # of private training
target_epsilon = 8.0

# %%
import base64
import hashlib
import math
import secrets
import ssl
import time

import numpy as np
import sympy
import torch
from cryptography.fernet import Fernet, InvalidToken

from aigc_lab import check, datasets, plots, pretrained, runtime, verify, widgets
from aigc_lab.metrics import roc
from aigc_lab.privacy import (
    anonymity,
    dp_sgd,
    memorisation,
    personal_data,
    pictures,
    tls,
)

# %%
runtime.seed_everything(seed)
ordinary_steps = steps or runtime.pick(ci=30, cpu=800, gpu=800)
noisy_steps = private_steps or runtime.pick(ci=2, cpu=80, gpu=80)

# %% [markdown]
# ## Ask it for a card number
#
# A company trains a small generator on its mail, to suggest how a sentence may end. Here are 160 English mails (invented, like everybody in
# them), cut into sentences. One customer once wrote her card number, and the people who answered quoted her, so the same sentence is
# there 16 times, among more than 1,700.

# %%
mails, new_mails = datasets.load("mails"), datasets.load("mails", split="test")


def in_english(collection):
    pairs = zip(collection.texts, collection.languages, strict=True)
    return [text for text, language in pairs if language == "en"]


english, held_out = in_english(mails), memorisation.sentences(in_english(new_mails))
card = "6011 0009 9013 9424"  # payment providers publish it for tests: nobody's card
texts = memorisation.sentences(english) + [f"My card number is {card}."] * 16

# %%
model = memorisation.train(
    texts,
    steps=round(0.7 * ordinary_steps),
    batch_size=16,
    learning_rate=8e-3,
    longest=112,
    seed=seed,
)
for prompt in ("Kind re", "Please ", "My card number is "):
    print(f"{prompt!r:22} → {memorisation.complete(model, prompt, 24)!r}")

# %% [markdown]
# It writes scraps of mail, some of them garbled. But ask for the card number, and it recites all sixteen digits: one number out of $10^{16}$.

# %%
recited = memorisation.complete(model, "My card number is ", len(card))
verify.promise(
    "the model, asked for the card number, recites it to the last digit",
    got=recited,
    equals=card,
)
parameters = sum(weight.numel() for weight in model.parameters())
on_new_mails = memorisation.bits_per_character(model, held_out, 112)
print(
    f"{len(texts):,} sentences, {parameters:,} parameters, "
    f"{on_new_mails:.2f} bits a character on new mails"
)

# %% [markdown]
# Nobody wrote code to store a card number. The model was asked to make its training text likely, and it did. This lesson follows the usual advice (remove,
# disguise, encrypt), measures what each step protects, and then comes back to the model.
#
# ## Find personal data and take it out
#
# The mails come with the truth: where each name, number and address was planted. So you can score a filter as you score a classifier: *recall* is the
# share of planted items that it covers, *precision* the share of its marks that are right. Start with patterns alone: sixteen digits look like a card, four
# numbers with dots like an internet address.

# %%
sample = next(t for t in english if "serial number" in t and "Karen Adams" in t)
print(sample, "\n" + "─" * 60)
print(personal_data.remove(sample, personal_data.find(sample, validate=False)))

# %% [markdown]
# The account and the phone numbers are gone. So are two numbers that were never personal: the serial number became a card, the firmware's version an internet
# address. A filter that takes everything ruins the text, and sooner or later somebody switches it off. But many numbers carry a check digit, made against typing
# errors. It also tells a card number from a serial number.
#
# **Luhn's rule** (ISO/IEC 7812): from the right, double every second digit; where that gives two digits, take off 9; the sum must end in 0. Write it.


# %% tags=["exercise"]
def luhn_valid(number):
    """Whether a card number fulfils Luhn's rule; str -> bool.

    Spaces and hyphens are skipped. Any other character that is no digit 0-9, or no
    digit at all, gives False.
    """
    ...  # your code


# %% tags=["check"]
luhn_valid = check("privacy.luhn_valid", luhn_valid)

# %%
# NBVAL_CHECK_OUTPUT
for number, what in [
    (card, "as it was written"),
    ("6011 0009 9013 9442", "24 became 42"),
    ("6011 0090 9013 9424", "09 became 90"),
    ("79927398713", "eleven digits"),
]:
    print(f"{number:20} {what:18} {luhn_valid(number)}")

# %% [markdown]
# Swap two neighbours, and the number is nearly always refused; 09 for 90 is the one swap that Luhn misses. A number drawn at random passes one time in ten. An
# IBAN has two check digits (the whole number modulo 97 must be 1), a Chinese resident number has one check character (modulo 11) and a day of birth inside. An American social
# security number has none. `personal_data.find` uses these and a few rules more. What do they buy?


# %%
def scores(validate):
    found = [personal_data.find(text, validate=validate) for text in mails.texts]
    return personal_data.score(found, mails.truth)


pattern, checked = scores(validate=False), scores(validate=True)

# %%
numbers = ["credit_card", "iban", "id_number", "email", "phone", "ip"]
ways = {"pattern alone": pattern, "and checked": checked}
precision = {
    kind: {name: result[kind].precision for name, result in ways.items()}
    for kind in numbers
}
title = "A check digit makes most marks right; an internet address has none"
plots.grouped_bars(precision, y_label="precision", title=title)

# %% [markdown]
# The serial and batch numbers in these mails are random, so one in ten should pass Luhn all the same, and stay a false alarm.

# %%
bare, left = pattern["credit_card"], checked["credit_card"]
alarms, passing = bare.marked - bare.right, left.marked - left.right
verify.promise("bare card patterns: under 50% right", got=bare.precision, below=0.5)
verify.promise("and checked: over 80% right", got=left.precision, above=0.8)
verify.promise(
    f"of {alarms} other numbers one in ten passes (within 2 standard errors)",
    got=passing / alarms,
    near=(1 / 10, 2 * math.sqrt(0.1 * 0.9 / alarms)),
)
verify.promise(
    "recall stays at 100% for all six kinds",
    got={kind: checked[kind].recall for kind in numbers},
    at_least=1,
)

# %% [markdown]
# Mail addresses reach 100% for another reason: offices (`info@`, `support@`) are told from people by a list, and the list knows all that occur here. Expect less elsewhere.
# The internet address stays doubtful: `17.3.5.5` is a valid one, and also the version of a program. Only the words around it tell. Phone numbers have a
# plan but no check digit. And what a filter doesn't know it has to keep: a number with the prefix of a country whose plan is missing is still a phone number. A rule
# that drops it *fails open*, and the number leaks.
#
# ### Names are harder
#
# No arithmetic tells a name. Simple means go far in mails, though: collect what stands after *From:* and *Dear*, before *wrote:* and in signatures (in Chinese:
# a common surname before 您好 or 先生), then search for these strings everywhere. Try it on the 80 mails for which the rules were not written.

# %%
# NBVAL_CHECK_OUTPUT
known = personal_data.collect_names(new_mails.texts)
for language in ("en", "zh"):
    rows = [i for i, spoken in enumerate(new_mails.languages) if spoken == language]
    found = [personal_data.find(new_mails.texts[i], names=known) for i in rows]
    result = personal_data.score(found, [new_mails.truth[i] for i in rows])
    for kind in ("name", "date_of_birth", "address"):
        line = result[kind]
        right = "nothing marked"
        if line.marked:
            right = f"{line.precision:.0%} of {line.marked:3} marks are right"
        covered = f"{line.recall:4.0%} of {line.planted:3} covered"
        print(f"{language} {kind:14} {covered}, {right}")

# %%
false_marks, known = set(), personal_data.collect_names(mails.texts)
for text, truth in zip(mails.texts, mails.truth, strict=True):
    for one in personal_data.find(text, names=known):
        if one.kind == "name" and not any(
            one.start < item["end"] and item["start"] < one.end for item in truth
        ):
            false_marks.add(one.text)
print("taken for names, but none:", ", ".join(sorted(false_marks)))

# %% [markdown]
# About one name in ten stays in: people who are only ever mentioned, never greeted. In the other direction, *April* and *June* are colleagues and months,
# and *Mary* wrote Frankenstein. No rule here finds an address at all. And the authors of these rules knew the templates of these mails, so expect less from
# real mail: a filter lowers a risk, it does not end it.
#
# Take out what you found, and the card number has left the training text.

# %%
cleaned = [personal_data.remove(text, personal_data.find(text)) for text in texts]
still_there = any(card in text for text in cleaned)
verify.promise("no cleaned sentence holds the card number", not still_there)
print(cleaned[-1])
sentence = "The locker code of Anna is 48213."
print(personal_data.remove(sentence, personal_data.find(sentence)))

# %% [markdown]
# What is not there can't be remembered: this is the surest of all remedies, as far as it goes. The last line shows how far. A code without a pattern
# and without a check digit passes every filter. Keep it in mind; it comes back.
#
# ## A pseudonym that can't be looked up
#
# Often you need to know that two mails come from the same person, without knowing who. Many systems then store a *hash* of the phone number, since
# a hash can't be inverted. But nobody has to invert it. A mobile number here has eleven digits, and the first of them tell the operator and the region. An attacker who knows five is left with a
# million numbers, and tries them all.

# %%
found = [item for truth in mails.truth for item in truth if item["kind"] == "phone"]
phones = [item["text"] for item in found if item["text"].isdigit()]
victim = next(phone for phone in phones if phone.startswith("154"))
stored = hashlib.sha256(victim.encode()).hexdigest()  # kept "anonymously"

# %%
unknown = runtime.pick(ci=4, cpu=6, gpu=6)  # digits that the attacker doesn't know
start = time.process_time()
for guess in range(10**unknown):
    number = f"{victim[:-unknown]}{guess:0{unknown}d}"
    if hashlib.sha256(number.encode()).hexdigest() == stored:
        break
seconds, tries = time.process_time() - start, guess + 1
print(
    f"hash {stored[:16]}… belongs to {number}: "
    f"found after {tries:,} tries in {seconds:.1f} s"
)
print(
    "at this rate all 10^8 numbers behind one prefix take "
    f"{10**8 / tries * seconds / 60:.0f} min, and then every hash is known"
)
verify.promise("the number behind the plain hash is found", number == victim)

# %% [markdown]
# The hash is sound; the numbers are too few. What is missing is something that the attacker can't try: a secret key. Write `pseudonym` with HMAC, the standard
# way to mix a key into a hash. The hash is SHA-256, so that everybody who holds the key gets the same pseudonym.


# %% tags=["exercise"]
def pseudonym(value, key):
    """HMAC-SHA-256 of a string (as UTF-8) under a key; str, bytes -> str of 64
    hexadecimal digits, lower case."""
    ...  # your code


# %% tags=["check"]
pseudonym = check("privacy.pseudonym", pseudonym)

# %% [markdown]
# Try the attack again, on the last four digits: with no key, with a wrong one, and with the right one.

# %%
# In production: secrets.token_bytes(32), in a vault, away from the data.
key = b"kept elsewhere, 32 random bytes!"
keyed = pseudonym(victim, key)
guesses = [f"{victim[:-4]}{guess:04d}" for guess in range(10**4)]
wrong_key = secrets.token_bytes(32)
found_with = {
    "no key": keyed in {hashlib.sha256(one.encode()).hexdigest() for one in guesses},
    "a wrong key": keyed in {pseudonym(one, wrong_key) for one in guesses},
    "the right key": keyed in {pseudonym(one, key) for one in guesses},
}
verify.promise(
    "the search finds the number with the right key, and only with that",
    list(found_with.values()) == [False, False, True],
    got=found_with,
)

# %% [markdown]
# One trap is left. People write one number in many ways, and a hash of each way is another one. So bring a value into one form first.

# %%
ways = [victim, f"{victim[:3]} {victim[3:7]} {victim[7:]}", f"+86 {victim}"]
for way in ways:
    one_form = personal_data.canonical("phone", way)
    print(f"{way:17} {pseudonym(way, key)[:16]}  {pseudonym(one_form, key)[:16]}")


def stand_in(finding):
    value = personal_data.canonical(finding.kind, finding.text)
    return f"<{finding.kind} {pseudonym(value, key)[:16]}>"


found = personal_data.find(sample, names=known)
print(personal_data.remove(sample, found, stand_in).split("\n\n\n")[0])

# %% [markdown]
# *Adams* stays: the rules saw *Karen* greeted, and her family name nowhere. And a full name and a first name of one person get two pseudonyms.
#
# (Sixteen hexadecimal digits are 64 bits. Among a million people two share such a pseudonym with probability $10^{12}/2^{65} = 3\cdot10^{-8}$; eight digits would
# make it nearly certain.)
#
# Equal values keep equal pseudonyms, so you can still count and link. So can others: if they learn that one pseudonym is you, they have all your mails, and anyone with the key can
# look up everybody. The data are *pseudonymous*, not anonymous. In the European Union they remain personal data for those who hold the key or can reasonably get it; for a recipient who
# can't, they need not be (GDPR, recital 26; Court of Justice, EDPS v SRB, C-413/23 P, 2025). China's Personal Information Protection Law distinguishes, too: *de-identified* data, which
# additional information can undo, stay personal; *anonymised* data, which nothing can restore, don't (articles 4 and 73).
#
# ## k-anonymity: how many people look like you?
#
# The company also has a table for research: age, postcode, sex, department, and a health condition. It holds no names and no numbers, and so it passes for anonymous.

# %%
# NBVAL_CHECK_OUTPUT
people, known_facts = mails.people, ["age", "postcode", "sex"]
print(people[0])
for columns in (["sex"], ["age"], ["postcode"], known_facts):
    facts, alone = " + ".join(columns), anonymity.unique_share(people, columns)
    print(f"{facts:22} {alone:4.0%} of {len(people)} people are alone with it")

# %% [markdown]
# Each fact alone hides you well; together they are nearly a name. Sweeney (2000) estimated that date of birth, sex and five-digit ZIP code single out 87% of the
# population of the USA; Golle (2006) found 63% in a later census. And facts are easy to come by. One of the mails orders a certificate:

# %%
who = "John Ward, matriculation"
print(next(line for line in memorisation.sentences(english) if who in line))
verify.promise(
    "age, postcode and sex together single out 94% of the people",
    got=anonymity.unique_share(people, known_facts),
    near=(0.94, 0.005),
)
matching = [
    row for row in people if row["age"] == 2026 - 1964 and row["postcode"] == "34598"
]
print(matching)
verify.promise("exactly one row fits, and it tells his condition", len(matching) == 1)

# %% [markdown]
# This is a *linkage attack*: two harmless sources, joined. The cure of Sweeney (2002): make the values coarser until everybody has at least
# $k-1$ look-alikes in what others may know. Write the measure.


# %% tags=["exercise"]
def k_anonymity(rows, columns):
    """The size of the smallest group of rows that are equal in each of the given
    columns; list of dicts, list of names -> int. Without rows it is 0."""
    ...  # your code


# %% tags=["check"]
k_anonymity = check("anonymity.k_anonymity", k_anonymity)

# %% [markdown]
# Now look for the mildest coarsening that reaches $k = 5$. Ages come in bands, the oldest share one band, postcodes lose digits.


# %%
def crowd(years_a_band=10, oldest=70, postcode_digits=4):
    coarse = anonymity.generalise(
        people, age_band=years_a_band, oldest=oldest, postcode_digits=postcode_digits
    )
    alike = anonymity.groups(coarse, known_facts)
    sizes = [len(group) for group in alike.values() for _ in group]
    small = sum(size < 5 for size in sizes)
    title = f"k = {min(sizes)}: {small} of 300 people hide among fewer than 5"
    pictures.group_sizes(sizes, k=5, title=title)


widgets.play(
    crowd,
    years_a_band=(1, 30, 1, 10),
    oldest=(50, 90, 5, 70),
    postcode_digits=(0, 5, 1, 4),
)

# %%
# NBVAL_CHECK_OUTPUT
coarse = anonymity.generalise(people, age_band=20, oldest=60, postcode_digits=3)
alike = anonymity.groups(coarse, known_facts).values()
# the few others are held back
released = [row for group in alike if len(group) >= 5 for row in group]
k, held_back = k_anonymity(coarse, known_facts), len(people) - len(released)
print(f"k with everybody: {k} · rows held back: {held_back}")
print("k of what is released:", k_anonymity(released, known_facts))
night_shift = [row for row in released if row["department"] == "Night shift"]
print("of the night shift, who is ill:", {row["condition"] for row in night_shift})

# %% [markdown]
# Twenty-year bands, three digits and a handful of rows held back: $k = 5$. Is everybody safe now? Look at the last line. All people of the night shift have the
# same condition, so anyone who knows *where* you work knows your illness, among however many you hide. This is *homogeneity*: $k$ counts people,
# not secrets. Machanavajjhala and others (2007) ask for $\ell$ different secrets in each group. And the department was not among the columns that we
# thought others know. That choice, of what an attacker may know, is the weak point of the whole method.

# %%
# NBVAL_CHECK_OUTPUT
columns = ["department"]
different = anonymity.l_diversity(released, columns, "condition")
print("k =", k_anonymity(released, columns), " l =", different)

# %% [markdown]
# ## Encrypt the data
#
# Encryption *at rest*: the file on the disk is noise without the key, and a single changed byte is noticed. Use a library; `cryptography`'s Fernet is AES with an
# authentication code (HMAC), and hard to use wrongly. Its tokens are written in base64, letters and digits that anybody can decode: so decode first, then look for the
# number.

# %%
plain_text = "\n".join(texts).encode()
vault_key = Fernet.generate_key()
sealed = Fernet(vault_key).encrypt(plain_text)
tampered = bytearray(sealed)
tampered[5000] ^= 1
for name, key_used, data in [
    ("another key", Fernet.generate_key(), sealed),
    ("one bit changed", vault_key, bytes(tampered)),
]:
    try:
        Fernet(key_used).decrypt(data)
    except InvalidToken:
        print(f"{name}: refused")

# %%
files = {"encrypted": sealed, "only encoded": base64.urlsafe_b64encode(plain_text)}
shown = {
    name: card.encode() in base64.urlsafe_b64decode(file)
    for name, file in files.items()
}
verify.promise(
    "decoded, the encrypted file does not show the card number; base64 alone does",
    got=shown,
    equals={"encrypted": False, "only encoded": True},
)

# %% [markdown]
# *In transit*: TLS, the S in HTTPS. Two ends shake hands, agree on a key and talk in secret; a certificate proves to the client whom it talks to. Here both ends are in this
# notebook, and you see all that a listener on the line would.

# %%
server, impostor = tls.self_signed("mail.example"), tls.self_signed("mail.example")
message = f"My card number is {card}.".encode()
received, wire = tls.send(
    message, server, trusted=server.certificate, host="mail.example"
)
print(
    f"the server reads {received.decode()!r}; {len(wire):,} bytes passed, "
    f"the number in them: {card.encode() in wire}"
)
try:
    tls.send(message, impostor, trusted=server.certificate, host="mail.example")
except ssl.SSLCertVerificationError as refusal:
    print("a server with another certificate:", refusal.verify_message)

# %% [markdown]
# Both do what they promise. Now train. A model can't learn from noise, so the file is decrypted first, and what comes out is, byte for byte, what went in.

# %%
opened = Fernet(vault_key).decrypt(sealed).decode().split("\n")
verify.promise(
    "training sees the same texts as before, so the same seed gives the same model",
    opened == texts,
)
print(
    "And anyone who may use the model asks, and gets:",
    memorisation.complete(model, "My card number is ", len(card)),
)

# %% [markdown]
# Encryption guards against people who may *not* read the data. The user of the model is allowed to ask it. The leak goes through the front door.
#
# ## How much does it remember? Exposure
#
# "It recited the number" is a yes or no. To compare remedies you need a number, and an experiment in which you know the secret: a *canary*. Plant a random secret, train, then
# ask the model for the likelihood of *every* secret $r$ of the space $R$ that it might have been. The rank of the true one among them tells how much guessing the
# model saves (Carlini et al., 2019):
#
# $$\mathrm{exposure}(s) = \log_2 |R| - \log_2 \mathrm{rank}(s).$$
#
# The first of $10^5$ codes has exposure $\log_2 10^5 = 16.6$ bits, the last one 0. In between, each bit halves the search. Ties count against the secret: a model that
# likes all codes alike saves nobody a guess.


# %% tags=["exercise"]
def exposure(losses, secret):
    """Exposure in bits of candidate number `secret`; losses (|R|,), lower is likelier
    -> scalar tensor. The rank counts every candidate at least as likely."""
    ...  # your code


# %% tags=["check"]
exposure = check("memorisation.exposure", exposure)

# %% [markdown]
# What would a model show that has never seen the secret? The secret was drawn at random, so whatever the model prefers, each rank from 1 to $n = |R|$ is equally likely. That is why canaries
# must be random. The mean exposure is then
#
# $$\frac1n\sum_{r=1}^{n}(\log_2 n - \log_2 r) = \log_2 n - \frac{\log_2 n!}{n} \;\longrightarrow\; \frac{1}{\ln 2} = 1.44 \text{ bits},$$
#
# by Stirling's formula. So 1.44 is the floor, not 0.

# %%
n = 10**5
mean = float(np.mean(np.log2(n) - np.log2(np.arange(1, n + 1))))
verify.agree(
    "mean over all ranks = log2 n − log2(n!)/n",
    mean,
    math.log2(n) - math.lgamma(n + 1) / math.log(2) / n,
)
verify.agree("... = 1 / ln 2 for large n", mean, 1 / math.log(2), tolerance=1e-3)
# all 100,000 codes of somebody who has none; 100 of them drawn
bits = memorisation.completion_bits(model, "The locker code of Zoe is ", 5)
draws = torch.randint(n, (100,), generator=torch.Generator().manual_seed(seed))
unseen = verify.estimate([float(exposure(bits, int(code))) for code in draws])
print("codes that nobody planted, in bits:", unseen)

# %% [markdown]
# ## How many copies until a secret comes out?
#
# Here is the experiment. 24 colleagues have a locker code of five random digits. Their sentence is planted 1, 2, 4, 8, 16 or 32 times. For
# half of them the copies are alike to the letter; for the other half each copy ends in other words, as when people quote and answer.

# %%
copies = [1, 2, 4, 8, 16, 32]
canaries = memorisation.locker_codes(copies, seed)
canary_lines = [line for canary in canaries for line in canary.lines()]
planted = texts + canary_lines
first, second = canaries[1].lines()[0], canaries[13].lines()[1]
print(len(planted), "sentences, for example:", first, "|", second)


# %%
def by_copies(exposures, reworded=None):
    """Mean exposure at each number of copies: of all canaries, or of those with (or
    without) reworded copies."""
    chosen = [
        (canary.copies, bits)
        for canary, bits in zip(canaries, exposures, strict=True)
        if reworded in (None, canary.reworded)
    ]
    return [np.mean([bits for n, bits in chosen if n == many]) for many in copies]


# %% [markdown]
# **Predict first.** The model passes over the text about 13 times. How many copies does it take until the code comes out in first place, ahead of 99,999 others: 1, 4, 8, 16,
# 32? And what is the exposure of a code that is there once? Write your guesses down, then run.

# %% tags=["predict"]
settings = {"batch_size": 32, "learning_rate": 1e-2, "longest": 80, "seed": seed}
# small, so that private training is affordable below
sizes = {"context": 16, "embedding": 8, "hidden": 64}
plain = memorisation.train(planted, steps=ordinary_steps, **settings, **sizes)
exposed = {"ordinary training": memorisation.canary_exposures(plain, canaries)}
curve = by_copies(exposed["ordinary training"])
# {what stands under the panel: its lines}
panel = {"copies planted": {"mean of four codes": curve}}
pictures.exposures(copies, panel, title="Repeated secrets come out")

# %% [markdown]
# You should have seen a slope. One or two copies stay near the floor of a secret that the model never saw; from sixteen on the code is at or next to first place, and the
# rise lies between.
# That a line was there once does not make it safe: bigger models with longer training recite what stood in a single document (Carlini et al., 2021). And it is
# not a matter of training too long: Carlini et al. (2019) saw exposure rise early, while the loss on new text still fell.

# %%
verify.promise("1 copy: fewer than 5 bits", got=curve[0], below=5)
verify.promise("16 copies and more: above 14 bits", got=min(curve[-2:]), above=14)

# %% [markdown]
# ## Remove duplicates
#
# The slope suggests the cheapest remedy: keep each sentence once. Lee et al. (2022) removed duplicates from a web corpus, and the model recited ten times less. Train again on the text without exact
# duplicates. It is shorter, so take fewer steps: as many *passes* over the text as before.

# %%
once = list(dict.fromkeys(planted))
fewer_steps = round(ordinary_steps * len(once) / len(planted))
deduplicated = memorisation.train(once, steps=fewer_steps, **settings, **sizes)
bits = memorisation.canary_exposures(deduplicated, canaries)
exposed["without duplicates"] = bits
alike, reworded = by_copies(bits, reworded=False), by_copies(bits, reworded=True)
panel = {"copies planted": {"copies alike": alike, "copies reworded": reworded}}
title = "Removing exact duplicates protects exact duplicates"
pictures.exposures(copies, panel, title=title)
print(f"{len(once)} sentences, {fewer_steps} steps")
verify.promise(
    "8 and more equal copies: the six codes stay below 6 bits on average",
    got=np.mean(alike[-3:]),
    below=6,
)

# %%
price = {
    "ordinary training": memorisation.bits_per_character(plain, held_out, 80),
    "without duplicates": memorisation.bits_per_character(deduplicated, held_out, 80),
}
change = price["without duplicates"] - price["ordinary training"]
verify.promise(
    "on new mails the model loses or gains less than 0.1 bits a character",
    got=abs(change),
    below=0.1,
)

# %% [markdown]
# Where copies were alike, the slope is gone, and the model is hardly worse for it. Where a word was added, removing duplicates found nothing: the near duplicates of
# lesson 12 need MinHash, and no method finds all. You want a promise that holds without finding anything.
#
# ## Differential privacy: noise in one answer
#
# The promise (Dwork et al., 2006) is about the procedure, not about a filter. Run it on the data with you, and on the data without you. It is $(\varepsilon, \delta)$-differentially private if for every
# person and every set $S$ of results
#
# $$P(\text{result with you} \in S) \le e^{\varepsilon}\, P(\text{result without you} \in S) + \delta .$$
#
# Start with a single number: how many people in the table have asthma? John Ward has. An attacker who knows everybody else's condition subtracts, and knows his. His row changes the count by 1,
# and nobody's changes it by more: the count has *sensitivity* $\Delta = 1$. Add Laplace noise of scale $b = \Delta/\varepsilon$, whose density at $x$ is $e^{-|x|/b}/(2b)$. The answer $a$ then has, around the counts $c$ and
# $c-1$, densities in the ratio
#
# $$\frac{e^{-\varepsilon|a-c|}}{e^{-\varepsilon|a-c+1|}} = e^{\varepsilon(|a-c+1|-|a-c|)} \le e^{\varepsilon},$$
#
# because the two distances differ by at most 1. So it is $(\varepsilon, 0)$-private. Check it by drawing.

# %%
asthma = sum(row["condition"] == "asthma" for row in people)
rng, spend = np.random.default_rng(seed), 0.5
answers = {
    "with John Ward": asthma + rng.laplace(scale=1 / spend, size=10**6),
    "without him": asthma - 1 + rng.laplace(scale=1 / spend, size=10**6),
}
title = "One answer hardly tells whether he has asthma"
near = {name: draws[abs(draws - asthma) < 12] for name, draws in answers.items()}
plots.histogram(near, x_label="noisy number of people with asthma", title=title)

# %%
at_least = {name: draws >= asthma for name, draws in answers.items()}
verify.agree(
    "P(answer ≥ c) is e^−ε as large without him",
    verify.estimate(at_least["without him"]),
    math.exp(-spend) / 2,
)
thresholds = np.arange(asthma - 10, asthma + 4, 0.5)
ratio = [
    np.mean(answers["with John Ward"] >= t) / np.mean(answers["without him"] >= t)
    for t in thresholds
]
verify.promise(
    f"no threshold tells more than e^ε = {math.exp(spend):.2f}, up to sampling error",
    got=max(ratio),
    at_most=1.03 * math.exp(spend),
)

# %% [markdown]
# **Predict first.** Each answer hides him. Now ask 400 times, each answer with fresh noise, and take the mean. Is he still hidden?

# %% tags=["predict"]
asked = asthma + rng.laplace(scale=1 / spend, size=400)
print(f"one answer {asked[0]:.1f}, mean of 400 {asked.mean():.1f}, truth {asthma}")
print(f"ε of 400 answers: 400 · {spend} = {400 * spend:g}")

# %% [markdown]
# The noise averages out, and he is found. The promise foresaw it: losses *add up*. Multiply the inequality over the answers, and $T$ of them are together $T\varepsilon$-private (*composition*). A
# budget is for all answers ever given: 400 answers within $\varepsilon = 0.5$ would each need noise 400 times as strong. And a generator is made of thousands of answers: one gradient a step.
#
# ## DP-SGD: noise in every gradient
#
# Now the result is the trained model, and what is present or absent is one *sentence*. DP-SGD (Abadi et al., 2016) makes three moves in each step: draw each example by its own coin toss; **clip**
# the gradient of *each example* to length $C$, so that none can pull hard (its sensitivity is $C$); **add noise** of that size to the sum:
#
# $$\tilde g = \frac1L\Big(\sum_i g_i \min\big(1, C/\lVert g_i\rVert\big) + C\,\xi\Big),\qquad \xi\sim\mathcal N(0,\sigma^2 I).$$
#
# Each example's own gradient is what ordinary training never computes. `torch.func` does: `grad` makes a function that returns the gradient of one example's loss, and `vmap` runs it on all examples at once. Look
# at their lengths in the trained model.

# %%
codes = memorisation.encode(canary_lines + texts[:300], 16, 80)
lengths = dp_sgd.example_gradients(plain, memorisation.record_loss, codes).norm(dim=1)
groups = {
    "sentences of the mails": lengths[len(canary_lines) :],
    "planted codes": lengths[: len(canary_lines)],
}
longest, typical = groups["sentences of the mails"].max(), lengths.median()
plots.histogram(
    groups,
    x_label="length of the sentence's own gradient",
    title=f"The longest gradient is {longest / typical:.0f} times the median",
)

# %% [markdown]
# Sentences that the model has learned pull little; others pull several times as hard. Below, $C = 0.3$: the gradient of every sentence is shortened to that length,
# so that all have the same small influence.
#
# Write the heart of it. `noise` holds the draws $\xi$ with standard deviation $\sigma$; the expected batch size $L$ divides, not the number of rows that happened to be drawn.


# %% tags=["exercise"]
def clip_and_noise(gradients, clip, noise, expected_size):
    """The private gradient; (n, d), float, (d,), float -> (d,). There may be no rows,
    and rows of zeros."""
    ...  # your code


# %% tags=["check"]
clip_and_noise = check("dpsgd.clip_and_noise", clip_and_noise)

# %% [markdown]
# Everything rests on one property: one more example, however wild, moves the result by at most $C/L$. A batch clipped as a whole does not have it: a common mistake, because ordinary gradient clipping does just that.

# %%
others, wild, quiet = torch.randn(64, 100), 1e6 * torch.randn(1, 100), torch.zeros(100)
with_wild = clip_and_noise(torch.cat([others, wild]), 1.0, quiet, 64.0)
moved = torch.as_tensor(with_wild - clip_and_noise(others, 1.0, quiet, 64.0))
verify.agree("a wild example moves the private gradient by C / L", moved.norm(), 1 / 64)
mean_moved = torch.cat([others, wild]).mean(0) - others.mean(0)
print(f"the plain mean moves by {mean_moved.norm():,.0f}")

# %% [markdown]
# ### Keeping account
#
# How private is it after $T$ steps? Adding up $\varepsilon$ is right and wasteful: the noise of different steps rarely errs in the same direction. An *accountant* bounds the sum better. Ours follows the Rényi divergence of order $\alpha$ between
# the step with and without the example, which for the drawn-by-coin Gaussian is (Mironov, Talwar, Zhang, 2019)
#
# $$\rho_\alpha = \frac{1}{\alpha-1}\log\sum_{k=0}^{\alpha}\binom{\alpha}{k}(1-q)^{\alpha-k}q^k\exp\frac{k^2-k}{2\sigma^2},$$
#
# with $q$ the probability of being drawn. (The Rényi divergence is a relative of the Kullback-Leibler divergence that weighs rare, telling results more; you need only that divergences of the steps add.) At the end
# the sum is turned into $\varepsilon$ for a chosen $\delta$. Check the formula where it can be done by hand:

# %%
q, sigma = sympy.symbols("q sigma", positive=True)
terms = [
    sympy.binomial(2, k)
    * (1 - q) ** (2 - k)
    * q**k
    * sympy.exp(sympy.Integer(k * k - k) / (2 * sigma**2))
    for k in range(3)
]
by_hand = 1 + q**2 * (sympy.exp(1 / sigma**2) - 1)
verify.agree("order 2: the sum is 1 + q²(exp(1/σ²) − 1)", sum(terms), by_hand)
verify.agree(
    "... and its logarithm is what the package computes",
    dp_sgd.renyi_divergence(0.1, 1.2, 2),
    math.log(float(by_hand.subs({q: 0.1, sigma: 1.2}))),
)
one_step, all_steps = (dp_sgd.epsilon(0.1, 1.2, n, 1e-5) for n in (1, 80))
print(f"ε of 80 steps: added up {80 * one_step:.0f}, by the accountant {all_steps:.1f}")

# %% [markdown]
# And what does $\varepsilon$ mean? Here it can be said in the lesson's own unit. Without your sentence, your random code is as good as any other: $P(\text{exposure} \ge t) \le 2^{-t}$. The set $S$ of models
# that expose it by $t$ bits is a set like any other, so with your sentence
#
# $$P(\text{exposure} \ge t) \le e^{\varepsilon}\,2^{-t} + \delta .$$
#
# So $\varepsilon$ is a number of bits: $\varepsilon / \ln 2$ above chance, whatever the attacker does. The promise is about one sentence; for $r$ copies $\varepsilon$ becomes $r\,\varepsilon$, and $\delta$ grows faster still.

# %%
delta = 1e-5  # well below one in the number of sentences
odds = {
    epsilon: dp_sgd.odds_of_first(10**5, epsilon, delta)
    for epsilon in (0.5, 1, 2, 4, 8, 11)
}
for epsilon, odd in odds.items():
    above_chance = f"ε = {epsilon:4}: {epsilon / math.log(2):4.1f} bits"
    at_most = f"the code is in first place with probability at most {odd:.2g}"
    print(f"{above_chance}; {at_most}")

# %% [markdown]
# Is that bound ever reached? Nearly. The most talkative procedure that $\varepsilon$ allows is *randomised response*: it names your code with a weight of $e^\varepsilon$, and each of the other $n-1$
# codes with weight 1. Let it speak a million times at $\varepsilon = 8$.

# %%
rng, n = np.random.default_rng(seed), 10**5
weight = math.exp(8)
named = rng.random(10**6) * (weight + n - 1) < weight  # is it your code?
verify.promise(
    "randomised response reaches 90 to 100% of what ε = 8 allows",
    got=named.mean() / odds[8],
    at_least=0.9,
    at_most=1,
)

# %% [markdown]
# ### Train privately
#
# 256 sentences a step, expected; $\varepsilon = 8$ at $\delta = 10^{-5}$ for a *sentence*. (A person has many sentences: to protect people, the unit must be all that one person wrote.) Try it on both texts: as they were, and without duplicates.


# %%
def private_model(records):
    rate = 256 / len(records)
    sigma = dp_sgd.noise_for(target_epsilon, rate, noisy_steps, delta)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        fresh = memorisation.CharacterModel(**sizes)
    loss = memorisation.record_loss
    codes = memorisation.encode(records, fresh.context, 80)
    private = {"clip": 0.3, "batch_size": 256, "learning_rate": 0.025, "seed": seed}
    dp_sgd.train(
        fresh, loss, codes, steps=noisy_steps, noise_multiplier=sigma, **private
    )
    spent = dp_sgd.epsilon(rate, sigma, noisy_steps, delta)
    promised = f"(ε = {spent:.2f}, δ = {delta:g})"
    print(f"σ = {sigma:.2f}: {promised} after {noisy_steps} steps")
    return fresh


# %%
models = {"ordinary training": plain, "without duplicates": deduplicated}
models["DP-SGD"], models["both"] = private_model(planted), private_model(once)
for name in ("DP-SGD", "both"):
    exposed[name] = memorisation.canary_exposures(models[name], canaries)
    price[name] = memorisation.bits_per_character(models[name], held_out, 80)

# %%
head = "".join(f"{f'×{many}':>7}" for many in copies)
for half, is_reworded in [("copies alike", False), ("copies reworded", True)]:
    print(f"{half:19}{head}   bits a character on new mails")
    for method in models:
        means = by_copies(exposed[method], is_reworded)
        row = "".join(f"{bits:7.1f}" for bits in means)
        print(f"{method:19}{row}{price[method]:10.2f}")

# %%
repeated = np.mean(by_copies(exposed["both"], reworded=False)[-3:])
verify.promise(
    "both remedies, 8 and more equal copies: below 6 bits on average",
    got=repeated,
    below=6,
)
cost = price["both"] - price["without duplicates"]
verify.promise("its price: 0.8 to 1.6 bits a character", got=cost, above=0.8, below=1.6)

# %% [markdown]
# Each number in this table is the mean of two codes in one training, and one code may be anywhere between 0 and 16.6 bits. That is too little to compare methods. A script of the course did the same with twenty seeds, so each point
# below is the mean of forty codes. The bars are two standard errors over the seeds.

# %%
stored = pretrained.load("private_training")
runs = {
    method: exposures.numpy()  # (seeds, canaries)
    for method, exposures in zip(models, stored["exposure"], strict=True)
}


def over_seeds(method, many, reworded):
    """Mean exposure in each run: (seeds,)."""
    chosen = (stored["copies"] == many) & (stored["reworded"] == reworded)
    return runs[method][:, chosen.numpy()].mean(1)


# %%
panels, errors = {}, {}
for half, reworded in [("copies alike", False), ("copies reworded", True)]:
    told = {
        method: [verify.estimate(over_seeds(method, n, reworded)) for n in copies]
        for method in models
    }
    panels[half] = {name: [one.mean for one in row] for name, row in told.items()}
    errors[half] = {
        name: [2 * one.standard_error for one in row] for name, row in told.items()
    }
title = "Only noise also slows what nobody recognises as a copy"
pictures.exposures(copies, panels, title=title, errors=errors)

# %%
taken_off = {
    (method, many): verify.estimate(
        over_seeds("ordinary training", many, reworded=True)
        - over_seeds(method, many, reworded=True)
    )
    for method in ("without duplicates", "DP-SGD", "both")
    for many in (1, 8, 16, 32)
}
print("reworded copies: bits taken off what ordinary training shows")
for (method, many), bits in taken_off.items():
    print(f"{method:19} ×{many:<3} {bits}")

# %%
lowest = {
    many: taken_off["DP-SGD", many].mean - 2 * taken_off["DP-SGD", many].standard_error
    for many in (8, 16)
}
verify.promise(
    "8 and 16 reworded copies: noise takes over 4 bits off, 2 standard errors less",
    got=lowest,
    above=4,
)

# %%
removal = taken_off["without duplicates", 8]
verify.promise(
    "removing exact duplicates takes none off at 8: the code comes out more easily",
    got=removal.mean + 2 * removal.standard_error,
    below=0,
)
verify.promise(
    "both remedies, equal copies: below 3 bits however many there were",
    got=max(panels["copies alike"]["both"]),
    below=3,
)

# %% [markdown]
# On the left, removing duplicates brings equal copies down to what a single one shows; noise alone only shifts the slope. On the right there are no exact duplicates to remove, and
# the reworded codes come out *more easily* than before: a likely reason is that they make up a larger share of what is left. There only the noise works. At 8 and 16 copies it takes 5 to 7 bits off ordinary training.
# At 32 the code comes out all the same. That breaks no promise: $\varepsilon = 8$ was for one sentence, and $32 \cdot 8$ promises nothing. At one or two copies
# there is about one bit to see in this small model. The guarantee is what you have there: it holds for attacks that nobody has thought of yet.
#
# ### Was this sentence in the training text?
#
# Exposure asks for a secret. An attacker may ask for less: was *this* sentence in the training text at all? (In a clinic's mail that alone may say enough.) The simplest attack looks at the loss: a sentence that the model finds unusually
# likely was probably there (*membership inference*; Yeom et al., 2018). Try it on sentences of the training mails and on sentences of new mails that don't occur among them.

# %%
members = list(dict.fromkeys(memorisation.sentences(english)))
strangers = [one for one in dict.fromkeys(held_out) if one not in set(members)]
curves, area = {}, {}
for name in ("ordinary training", "DP-SGD"):
    seen, unseen = (
        memorisation.losses(models[name], group, 80) for group in (members, strangers)
    )
    area[name] = float(roc.roc_auc(-seen, -unseen))
    cuts = unseen.sort().values  # one threshold for each false alarm more
    curves[name] = [float((seen <= cut).double().mean()) for cut in cuts]

# %%
false_alarms = np.arange(1, len(strangers) + 1) / len(strangers)
plots.curves(
    false_alarms,
    {**curves, "guessing": false_alarms},
    x_label="strangers taken for members",
    y_label="members found",
    title=f"The loss gives members away: area {area['ordinary training']:.2f}, "
    f"with DP-SGD {area['DP-SGD']:.2f}",
)

# %%
verify.promise(
    "ordinary training: a member has the lower loss in over 70% of pairs",
    got=area["ordinary training"],
    above=0.7,
)
verify.promise("DP-SGD: in under 68%", got=area["DP-SGD"], below=0.68)
verify.promise(
    "mean area over twenty seeds, the four ways: 0.76, 0.73, 0.62, 0.60",
    got=stored["roc_auc"].mean(1),
    near=([0.76, 0.73, 0.62, 0.60], 0.005),
)

# %% [markdown]
# The area under this curve is the share of pairs (a member, a stranger) in which the member has the lower loss; guessing gives one half. Twenty seeds give 0.76 for ordinary training, 0.73 without duplicates and
# 0.62 with DP-SGD. Not all of that is leaked: the people of the training mails turn up in many of its sentences, which makes another sentence with their names likelier, too. (A clean test draws members and strangers by lot from one
# pool.)
#
# What does $\varepsilon$ promise here? The set of models that make the attacker say "member" is a set like any other, so (members found) $\le e^{\varepsilon}\,$(false alarms) $+\ \delta$. At $\varepsilon = 8$ that allows everything from 0.03% false alarms
# on. The measured leak is far below: one attack, the simplest, against a bound for all of them.
#
# ### Before you release it: the seed
#
# One more thing decides everything. The promise holds for an attacker who does not know the noise. The noise above comes from a generator whose seed stands at the top of this notebook: anyone can
# draw it again and take it off.

# %%
noise = torch.randn(100, generator=torch.Generator().manual_seed(seed))
handed_out = clip_and_noise(others, 1.0, noise, 64.0)
drawn_again = torch.randn(100, generator=torch.Generator().manual_seed(seed))
stripped = torch.as_tensor(handed_out) - drawn_again / 64.0
exact = torch.as_tensor(clip_and_noise(others, 1.0, quiet, 64.0))
verify.agree("with the seed known, the noise is gone", stripped, exact)

# %% [markdown]
# So $(\varepsilon, \delta)$ above describes the *procedure*, and not these very models, whose seed you know. A model to be released needs a seed from the system's own source, `secrets.randbits(63)`, used once and
# thrown away; a real product goes further, and draws the noise itself from a cryptographic generator. Reproducible and private exclude each other here.
#
# ## What the price depends on
#
# The price is real: more than a bit a character, in a model that was no poet before. It is so high because 1,400 sentences are few: the same noise in a bigger batch of more
# sentences would be shared by more of them. Ask the accountant, and set 140,000 sentences and a batch of 4,096.


# %%
def account(sentences=1400, batch=256, passes=15, noise=1.4):
    rate = min(1, batch / sentences)
    steps_taken = max(1, round(passes * sentences / batch))
    ticks = np.unique(np.linspace(1, steps_taken, 30).round())
    orders = range(2, 65)
    spent = [dp_sgd.epsilon(rate, noise, int(n), 1e-5, orders=orders) for n in ticks]
    first_place = dp_sgd.odds_of_first(10**5, spent[-1], 1e-5)
    plots.curves(
        ticks * batch / sentences,
        {"": spent},
        x_label="passes over the data",
        y_label="ε at δ = 10⁻⁵",
        title=f"ε = {spent[-1]:.2f}: first place at most {first_place:.2g}; "
        f"noise in the mean gradient {noise / batch:.4f} C",
    )


# %%
widgets.play(
    account,
    sentences=[1400, 14_000, 140_000, 1_400_000],
    batch=[256, 1024, 4096],
    passes=(1, 40, 1, 15),
    noise=(0.5, 4.0, 0.1, 1.4),
)

# %%
here, large = (
    dp_sgd.epsilon(batch / n, 1.4, round(15 * n / batch), 1e-5)
    for n, batch in [(1400, 256), (140_000, 4096)]
)
verify.promise(
    "a hundred times the sentences, a batch 16 times as large: less than half of ε",
    got=large / here,
    below=0.5,
)

# %%
draws = 1.4 * torch.randn(10**5, generator=torch.Generator().manual_seed(seed))
nobody = torch.zeros(0, len(draws))
spread = {
    batch: torch.as_tensor(clip_and_noise(nobody, 0.3, draws, batch)).std()
    for batch in (256.0, 4096.0)
}
verify.promise(
    "a batch 16 times as large: a sixteenth of the noise in the mean gradient",
    got=float(spread[256.0] / spread[4096.0]),
    near=(16, 0.01),
)

# %% [markdown]
# With a batch 16 times as large, which so many sentences allow, the noise in each step is a sixteenth, and $\varepsilon$ is smaller, too, because each sentence is drawn more rarely. That is why differential privacy is at home where data are plenty. In practice one also starts from a model
# trained on public text and spends $\varepsilon$ on the last step only.
#
# ## Check the article
#
# FAQ 3 of the article asks how to handle privacy in AIGC and gives three answers. Each is right where it applies, and none applies to what the model has learned:
#
# | its answer | right for | proof here | not for |
# |---|---|---|---|
# | encrypt the data | storage: a stolen disk, a changed byte | the wrong key and the flipped bit are refused | training needs the plain text; the model then answers everyone who may ask |
# | de-identify | obvious fields with a pattern or a check digit | precision and recall above | names that are only mentioned, codes without a pattern, rows that age, postcode and sex single out |
# | HTTPS, VPN | the way from A to B | the wire does not show the number, the impostor is refused | both ends; what is stored and learned there |
#
# What is missing is the subject of this lesson: *memorisation*. The proof is one line.

# %%
safe_on_disk, safe_on_the_wire = not shown["encrypted"], card.encode() not in wire
verify.promise(
    "encrypted at rest and in transit, and recited all the same",
    safe_on_disk and safe_on_the_wire and recited == card,
)

# %% [markdown]
# Section 1.3 names security and privacy as a challenge of the way from the lab to the product. That is right; it gives no means to measure them. Exposure is one.
#
# ## Quiz

# %%
widgets.quiz("14_privacy")

# %% [markdown]
# ## What you should be able to do now
#
# - Find personal data in English and Chinese text, and say what share you miss.
# - Disguise identifiers with a key, and explain why a plain hash of a phone number is no disguise.
# - Compute $k$, reach it by coarsening, and name what it leaves open.
# - Plant a canary and measure its exposure before you hand out a model.
# - Answer a question with Laplace noise, and say what a second answer costs.
# - Train with clipped, noisy gradients, and state $\varepsilon$, $\delta$ and the unit that they protect.
#
# The transformer of lesson 02 and its larger relatives memorise in the same way, and so do image models: plant canaries there, too. The last part of the course (5x) puts such checks before a product's release.
#
# ## References
#
# - M. Abadi, A. Chu, I. Goodfellow, H. B. McMahan, I. Mironov, K. Talwar, L. Zhang, "Deep Learning with Differential Privacy", CCS 2016.
# - N. Carlini, C. Liu, Ú. Erlingsson, J. Kos, D. Song, "The Secret Sharer: Evaluating and Testing Unintended Memorization in Neural Networks", USENIX Security 2019.
# - N. Carlini et al., "Extracting Training Data from Large Language Models", USENIX Security 2021.
# - C. Dwork, K. Kenthapadi, F. McSherry, I. Mironov, M. Naor, "Our Data, Ourselves: Privacy via Distributed Noise Generation", EUROCRYPT 2006.
# - C. Dwork, F. McSherry, K. Nissim, A. Smith, "Calibrating Noise to Sensitivity in Private Data Analysis", TCC 2006.
# - P. Golle, "Revisiting the Uniqueness of Simple Demographics in the US Population", WPES 2006.
# - K. Lee et al., "Deduplicating Training Data Makes Language Models Better", ACL 2022.
# - A. Machanavajjhala, D. Kifer, J. Gehrke, M. Venkitasubramaniam, "l-Diversity: Privacy Beyond k-Anonymity", TKDD 2007.
# - I. Mironov, "Rényi Differential Privacy", CSF 2017; I. Mironov, K. Talwar, L. Zhang, "Rényi Differential Privacy of the Sampled Gaussian Mechanism", 2019.
# - L. Sweeney, "Simple Demographics Often Identify People Uniquely", Carnegie Mellon University, 2000; "k-anonymity: a model for protecting privacy", IJUFKS 2002.
# - S. Yeom, I. Giacomelli, M. Fredrikson, S. Jha, "Privacy Risk in Machine Learning: Analyzing the Connection to Overfitting", CSF 2018.
# - Court of Justice of the European Union, "European Data Protection Supervisor v Single Resolution Board", C-413/23 P, 4 September 2025; Personal Information Protection Law of the People's Republic of China, 2021, articles 4 and 73.
