"""stub"""


class PostgreSQL: ...


def running_postgresql(): ...
