"""A conversation about the owner's documents.

What is said or typed is a request or a question. A question is answered by a sentence of the indexed
documents, found by its meaning and by its words; answers are spoken, and end when somebody speaks.
"""
