"""What a record is: the models that a field's name, type, meaning and unit stand in once.

Everything else (Arrow schemas, data dictionary, documents) is derived from them.
"""
