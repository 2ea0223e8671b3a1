import ArgumentParser
import Configuration
import Crypto
import Hummingbird
import ServiceLifecycle
print("x")
