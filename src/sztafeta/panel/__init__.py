"""The customers' panel: server-rendered pages under `/panel`, in Polish and English."""
