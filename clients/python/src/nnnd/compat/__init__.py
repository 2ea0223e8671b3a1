"""A replacement for the package nnn-retrieval 1.0.1, which needs neither torch nor Faiss.

A script runs with nnnd when its import line changes:

    from nnnd.compat import NNNRetriever, NNNRanker      # was: from nnn import NNNRetriever, NNNRanker

Signatures and results are the same: `search(batch, top_k)` returns scores and row numbers, (n_queries, top_k). The
similarity is the inner product, and nothing is normalised. A private daemon computes biases and searches; it ends with
the retriever or the process.

Differences:

- Arrays are numpy arrays, scores always float32. Arguments can be numpy arrays or torch tensors.
- `alternate_ks` above the number of references averages all of them; nnn-retrieval raises an exception of torch.
- `FaissCPURetriever` uses the indexes that are given to it; nnn-retrieval never uses `retrieval_index`.
- nnnd computes on the CPU. Arguments that choose a GPU are accepted, with a warning.

>>> images = np.eye(3, dtype=np.float32)
>>> ranker = NNNRanker(NNNRetriever(3), images, images[:1], alternate_ks=1, alternate_weight=0.75)
>>> scores, indices = ranker.search(np.array([[1.0, 0.5, 0.0]], np.float32), top_k=2)
>>> scores.tolist(), indices.tolist()
([[0.5, 0.25]], [[1, 0]])

"""

from .faiss_retrievers import FaissCPURetriever, FaissGPURetriever
from .rankers import BaseRanker, DNRanker, NNNRanker, Ranker
from .retrievers import BaseRetriever, NNNRetriever, Retriever

__all__ = [
    "BaseRanker",
    "BaseRetriever",
    "DNRanker",
    "FaissCPURetriever",
    "FaissGPURetriever",
    "NNNRanker",
    "NNNRetriever",
    "Ranker",
    "Retriever",
]
