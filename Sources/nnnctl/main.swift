import ArgumentParser
import AsyncHTTPClient
import Crypto
print("x")
