"""Privacy: personal data in texts and tables, what a generator remembers, and training with a guarantee. Lesson 14.

- `personal_data`: find it, check it, replace it, score the result
- `anonymity`: k-anonymity, l-diversity, coarser tables
- `memorisation`: a character model, planted canaries and their exposure
- `dp_sgd`: differentially private training and its accountant
- `tls`: a handshake without a network
- `pictures`: group sizes of a table, exposure against copies
"""

__all__ = ["anonymity", "dp_sgd", "memorisation", "personal_data", "pictures", "tls"]
