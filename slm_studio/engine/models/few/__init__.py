"""Few rows: an encoder tuned on pairs of them, and a logistic head on its vectors, in a network that stays a stock one.

Source: Tunstall et al. 2022 (SetFit), https://arxiv.org/abs/2209.11055
"""
