"""Who a holder is: documents, the person behind them, and the outside sources that agree.

Here belongs what a document says and who else confirmed it. Names are compared in `names`; bank
cards, which confirm a person too, are `banks`.
"""
