import os

os.environ |= {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_TESTING": "true",
}

from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool
from team import BASE_URL, MODEL, key, run_all


def agent(name, tools):
    llm = LLM(model=f"openai/{MODEL}", base_url=BASE_URL, api_key=key(name))
    return Agent(role=name, goal="Help.", backstory="Helpful.", llm=llm, tools=tools)


@tool
def weather(city: str) -> str:
    """The weather."""
    return "sunny"


def crew(way, **options):
    helper = agent(f"{way}_helper", [weather])

    @tool
    def ask_helper(question: str) -> str:
        """Asks the helper."""
        return Crew(agents=[helper], tasks=[task(helper)]).kickoff().raw

    lead = agent(f"{way}_lead", [ask_helper])
    return Crew(agents=[lead], tasks=[task(lead)], **options)


def task(who):
    return Task(description="Say hello.", expected_output="A greeting.", agent=who)


def sync(way):
    crew(way).kickoff()


async def run_async(way):
    await crew(way).kickoff_async()


def stream(way):
    for _ in crew(way, stream=True).kickoff():
        pass


if __name__ == "__main__":
    run_all(sync=sync, run_async=run_async, stream=stream)
