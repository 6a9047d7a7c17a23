"""Characters and documents, against texts that can be counted by hand."""

from aigc_lab import lm


def test_vocabulary_gives_back_what_it_encoded_and_marks_the_unknown():
    vocabulary = lm.Vocabulary("banana\n")
    assert len(vocabulary) == len(set("ban\n")) + 1
    assert vocabulary.decode(vocabulary.encode("nab\nan")) == "nab\nan"
    assert vocabulary.decode(vocabulary.encode("bxn")) == "b□n"


def test_documents_end_in_one_blank_line():
    assert lm.documents(["one\n\n\n", "two"]) == ["one\n\n", "two\n\n"]
