"""AIGC Lab: the code that the lessons share. One subject a folder, one concept a file: see docs/architecture.md."""

from aigc_lab.machine import startup

__version__ = "0.2.0"
__all__ = ["__version__", "check"]

# Modules of version 0.1 and where their contents are now: for the error message that an older copy of a lesson gets.
MOVED = {
    "addresses": "collecting.robots, collecting.urls",
    "anonymity": "privacy.anonymity",
    "attention": "lm.attention",
    "audio": "preprocessing.audio",
    "augmented_gan": "gan.augmented",
    "averaging": "recipes.ema",
    "batches": "training.batches",
    "bpe": "preprocessing.bpe",
    "bpe_picture": "preprocessing.pictures",
    "checkpoints": "pretrained.weights",
    "classifier": "pretrained.classifier",
    "costs": "parallel.costs",
    "crawl_picture": "collecting.pictures",
    "decoding": "lm.decoding",
    "defects": "cleaning.defects",
    "diffusion": "flow.diffusion",
    "divergences": "distributions.divergences",
    "downloads": "datasets.downloads, datasets.originals",
    "dpsgd": "privacy.dp_sgd",
    "duplicates": "cleaning.duplicates",
    "equipment": "runtime",
    "features": "preprocessing.features",
    "figures": "plots.figures",
    "flow_networks": "flow.networks",
    "flow_picture": "flow.pictures",
    "flowchart": "plots.flowchart",
    "gains": "hardware.speedups",
    "gan_losses": "gan.losses",
    "gan_networks": "gan.networks",
    "gan_penalties": "gan.penalties",
    "gan_picture": "gan.pictures",
    "gan_report": "gan.evaluation",
    "gaussians": "distributions.class_gaussians",
    "history": "training.history",
    "image_metrics": "metrics.image_similarity",
    "kv_cache": "lm.kv_cache",
    "labels": "recipes.labels",
    "latent": "control.interpolation, vae.latent_space",
    "launch": "parallel.launcher",
    "many_gans": "gan.many_runs",
    "memorisation": "privacy.memorisation",
    "memory": "hardware.memory",
    "minhash": "cleaning.minhash",
    "missing": "cleaning.missing_values",
    "mixture": "distributions.gaussian_mixture",
    "neighbour_metrics": "metrics.neighbours",
    "practice_pages": "collecting.practice_pages",
    "practice_shop": "collecting.practice_shop",
    "practice_site": "collecting.practice_site",
    "processes": "training.processes",
    "profiling": "hardware.profiler",
    "progress": "training.progress_bar",
    "provenance": "collecting.provenance",
    "ranking": "metrics.roc",
    "reader": "parallel.digit_classifier",
    "readings": "training.scalars",
    "ring": "gan.ring",
    "ring_all_reduce": "parallel.ring_all_reduce",
    "roofline": "hardware.roofline",
    "roofline_picture": "hardware.pictures",
    "saver": "training.checkpointer",
    "scaling": "lm.scaling",
    "schedules": "recipes.learning_rate",
    "sharding": "parallel.sharding",
    "snapshots": "training.checkpoint",
    "start": "pretrained.classifier, control.interpolation",
    "streams": "training.rng",
    "text": "lm.decoding, lm.grammar, lm.ngrams, lm.scoring, lm.vocabulary, lm.writer",
    "timing": "hardware.timing",
    "transport": "privacy.tls",
    "two_alternative": "metrics.two_alternative",
    "updates": "recipes.optimizer_step",
    "vae_losses": "vae.losses",
    "vae_networks": "vae.networks",
}

startup.prepare()  # before anything imports torch


def __getattr__(name: str):
    """`check` is imported when it is first asked for, so that the command line need not wait for torch.

    Raises:
        ImportError: the name is a module of version 0.1 that has moved; the message says where. Only `from aigc_lab import text`
            gets here; for `from aigc_lab.text import ...` Python raises an error of its own.
        AttributeError: any other name.
    """
    if name == "check":
        from aigc_lab.exercises import check

        return check
    if name in MOVED:
        now = " and ".join(f"aigc_lab.{place}" for place in MOVED[name].split(", "))
        raise ImportError(
            f"aigc_lab.{name} has moved: its contents are now in {now}. If this notebook is your copy in work/, made for an older "
            "version of the course, its new copy lies beside it as NN_name.new-....ipynb (if not, run `aigc-lab lab` or `make lab`). "
            "Yours stays as it is."
        )
    raise AttributeError(f"module 'aigc_lab' has no attribute {name!r}")
