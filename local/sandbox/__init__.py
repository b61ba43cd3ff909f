"""APIXO, Oxen and AI/ML API on loopback: their requests, answers, times and bills, no key needed.

A prompt may carry a marker that asks for something a provider does on its own accord:

* ``[refuse]``   the content is refused, in each provider's own words
* ``[only 2]``   APIXO delivers two images however many were asked, and bills two
"""
