#!/bin/sh
# 容器里的启动：更新数据库，收拾上次没有做完的，打印首位管理员的链接，然后换成 gunicorn 自己。
# 与 make serve 相同，只是不再安装任何东西。
set -eu
umask 077
flask=/opt/mingce/.venv/bin/flask
"$flask" --app wsgi db upgrade
"$flask" --app wsgi sweep || true
"$flask" --app wsgi admin-link
exec /opt/mingce/.venv/bin/gunicorn --config gunicorn.conf.py
