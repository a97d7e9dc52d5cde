"""Write a form as an Excel or a Word file, both with the same words in the same order."""

from app.actions.office.excel import EXCEL, to_excel
from app.actions.office.faces import DRAFT, titled
from app.actions.office.word import WORD, to_word

__all__ = ["DRAFT", "EXCEL", "WORD", "titled", "to_excel", "to_word"]
