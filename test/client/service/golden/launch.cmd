@echo off
rem Starts the gateway for the Task Scheduler, and restarts it after a crash. Written by `xopc gateway install`.
rem xopc-checksum a63752bd289b0608
rem Put your own environment variables in ..\service.env: lines NAME=value.
setlocal
chcp 65001 >nul
set "XOPC_SERVICE_MARKER=schtasks"
set "XOPC_HOME=C:\Users\Ada Lovelace\.xopc"
:start
if exist "%~dp0..\service.env" for /f "usebackq eol=# delims=" %%v in ("%~dp0..\service.env") do set "%%v"
set "XOPC_NODE=C:\Program Files\nodejs\node.exe"
set "XOPC_PACKAGE=C:\xopc 100%%"
if not exist "%XOPC_NODE%" set "XOPC_NODE=%ProgramFiles%\nodejs\node.exe"
if not exist "%XOPC_NODE%" for /f "delims=" %%n in ('where node 2^>nul') do if not exist "%XOPC_NODE%" set "XOPC_NODE=%%n"
if not exist "%XOPC_PACKAGE%\dist\main.cjs" set "XOPC_PACKAGE=%APPDATA%\npm\node_modules\xopc"
if not exist "%XOPC_NODE%" exit /b 78
if not exist "%XOPC_PACKAGE%\dist\main.cjs" exit /b 78
"%XOPC_NODE%" --inspect-port=192.0.2.1:9229 "%XOPC_PACKAGE%\dist\main.cjs" gateway %*
set "XOPC_EXIT=%ERRORLEVEL%"
if "%XOPC_EXIT%"=="0" exit /b 0
if "%XOPC_EXIT%"=="5" exit /b 5
if "%XOPC_EXIT%"=="78" exit /b 78
if "%XOPC_EXIT%"=="75" goto start
rem A pause that needs no console input, unlike timeout.exe.
ping -n 3 127.0.0.1 >nul
goto start
