"""What schemathesis has to know about the API beside docs/openapi.yaml. test_openapi_fuzz.py tells it to load this."""

import hypothesis.extra.numpy
import numpy as np
import schemathesis
from hypothesis import strategies

from harness.http import NPY, npy_bytes

# The dimension of the corpus in test_openapi_fuzz.py.
DIMENSION = 3

# Requests that conform to the document and are rejected all the same: what the response says, and why the document
# cannot exclude them.
REJECTED = {
    '"code":"zero_vector"': "A schema cannot say that at least one of some numbers is not 0.",
    "too large for a 32-bit float": "Numbers slightly above the largest float32 are rounded to it: there is no bound.",
    '"code":"bad_probes"': "`probes` needs `rescore`.",
    '"code":"bad_rescore"': "`rescore` needs a `recall` below 1, and is at least `top_k`.",
    "'min_score' is inf": "The same, for a number in the query string.",
    "'min_score' is -inf": "The same, for a number in the query string.",
}

# The same for evaluations and hubs.
REJECTED_EVALUATIONS = REJECTED | {
    '"code":"unknown_images"': "The document does not know the ids of the corpus.",
    '"code":"wrong_answers"': "A schema cannot say that two lists have the same number of elements.",
    '"code":"missing_field"': "`answers` needs `queries`, and other fields need `answers`.",
    '"code":"bad_npy"': "A schema says of a string in base64 only that it is one.",
    '"code":"bad_ks"': "The document does not know the capacity of the store.",
    '"code":"bad_since"': "A schema can say only roughly which texts are a generation or a time.",
    '"code":"bad_groups"': "A schema cannot say that some values differ.",
}

# A schema says of an .npy file only that it consists of bytes. These are matrices and single vectors without zeros.
NPY_FILES = strategies.one_of(
    hypothesis.extra.numpy.arrays(type, shape, elements=strategies.floats(0.5, 1, width=16)).map(npy_bytes)
    for type in ("<f2", ">f4", "<f8")
    for shape in (DIMENSION, (1, DIMENSION), (4, DIMENSION))
)
schemathesis.openapi.media_type(NPY, NPY_FILES, aliases=["application/octet-stream"])


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Adds what the document cannot know: the dimension of the corpus, and cursors."""
    queries = raw_schema["components"]["schemas"]["SearchRequest"]["properties"]["queries"]
    arrays = raw_schema["components"]["schemas"]["QueryVectors"]["oneOf"][0]
    for vectors in (queries, arrays):
        vectors["items"] |= {"minItems": DIMENSION, "maxItems": DIMENSION}
    for method in ("get", "head"):
        since = raw_schema["paths"]["/v1/changes"][method]["parameters"][0]
        since["schema"]["enum"] = ["start", "now"]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure counts. All do, except for those that this module explains."""
    rejected = REJECTED if case.operation.label == "POST /v1/search" else REJECTED_EVALUATIONS
    if case.operation.label not in ("POST /v1/search", "POST /v1/evaluate", "POST /v1/hubs", "GET /v1/hubs"):
        return True
    if "positive_data_acceptance" in failure.checks:
        return not any(text in response.text for text in rejected)
    if "negative_data_rejection" in failure.checks and "`alpha`" in failure.message:
        return not is_alpha_rounded_into_its_range(case)
    return True


def is_alpha_rounded_into_its_range(case):
    """1000.0000000000001 and -1e-50 are outside of the range of alpha, but the float32 that the daemon uses is not."""
    fields = [fields for fields in (case.body, case.query) if isinstance(fields, dict)]
    given = [fields["alpha"] for fields in fields if isinstance(fields.get("alpha"), int | float)]
    return bool(given) and all(0 <= np.float32(alpha) <= 1000 for alpha in given)
