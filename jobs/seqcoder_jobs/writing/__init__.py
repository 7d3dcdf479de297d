"""What makes an archive: relatives grouped, a plan made, submitted, resumed, joined.

In comes a corpus (``corpus``); ``grouping`` finds relatives, ``planning`` decides what goes where,
``joining`` what is appended to what is there, ``submit`` runs it on a cluster, ``recovery`` takes
up what an interrupted run left. Out goes an archive (``archive``).
"""
