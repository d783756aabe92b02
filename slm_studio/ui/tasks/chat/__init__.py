"""Chat: a conversation with a model, its branches, and the chats of before."""

from slm_studio.ui.tasks.chat.view import ChatView

VIEW = ChatView
