"""What makes an archive: relatives grouped, a plan made, submitted, resumed, joined.

In comes a corpus (``corpus``); ``group_inputs`` finds relatives, ``planning`` decides what goes
where, ``choose_container`` what is appended to what is there, ``submit`` runs it on a cluster,
``recovery`` takes up what an interrupted run left. Out goes an archive (``archive``).
"""
