"""Flow matching and diffusion. Lesson 38. `flow.FlowRecipe` and what the lesson teaches can be taken from here.

- `matching`: the straight path, its loss, following a velocity
- `classifier_free_guidance`: beyond the velocity of a class
- `networks`: the U-Net
- `recipe`: `FlowRecipe`: one step, sampling
- `diffusion`: noise added step by step, and taken away again
- `pictures`: lines and paths, in one and two dimensions; what guidance buys
"""

from aigc_lab.flow.classifier_free_guidance import guided
from aigc_lab.flow.matching import between, flow_loss, follow
from aigc_lab.flow.networks import UNet
from aigc_lab.flow.recipe import FlowRecipe

__all__ = [
    "FlowRecipe",
    "UNet",
    "between",
    "classifier_free_guidance",
    "diffusion",
    "flow_loss",
    "follow",
    "guided",
    "matching",
    "networks",
    "pictures",
    "recipe",
]
