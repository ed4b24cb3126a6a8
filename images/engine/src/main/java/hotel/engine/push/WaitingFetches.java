package hotel.engine.push;

import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.CompletionCallback;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.rest.dto.externaltask.FetchExternalTasksDto.FetchExternalTaskTopicDto;
import org.operaton.bpm.engine.rest.dto.externaltask.FetchExternalTasksExtendedDto;
import org.operaton.bpm.engine.rest.impl.FetchAndLockHandlerImpl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows the topics that workers wait for: those of the fetches that found no task and that this engine holds until there
 * is one. The REST API makes it by the list of services, so what it knows is the class's.
 */
public class WaitingFetches extends FetchAndLockHandlerImpl {

    private static final Logger LOG = LoggerFactory.getLogger(WaitingFetches.class);
    private static final Map<String, Integer> COUNTS = new ConcurrentHashMap<>();

    /** Whether a fetch waits for any task of the topic, so that none can be left. */
    static boolean has(String topic) {
        return COUNTS.containsKey(topic);
    }

    @Override
    public void addPendingRequest(FetchExternalTasksExtendedDto fetch, AsyncResponse response, ProcessEngine engine) {
        var topics = fetch.getTopics();
        var held = new Held(topics == null ? List.of() : topics.stream()
                .filter(WaitingFetches::takesAny)
                .map(FetchExternalTaskTopicDto::getTopicName)
                .toList());
        response.register((CompletionCallback) error -> held.end());
        super.addPendingRequest(fetch, response, engine);
        // It may have been answered at once.
        held.begin();
    }

    /** One that takes some tasks of a topic only says nothing of the others. */
    private static boolean takesAny(FetchExternalTaskTopicDto topic) {
        return topic.getTopicName() != null
                && topic.getBusinessKey() == null
                && topic.getProcessDefinitionId() == null
                && topic.getProcessDefinitionIdIn() == null
                && topic.getProcessDefinitionKey() == null
                && topic.getProcessDefinitionKeyIn() == null
                && topic.getProcessDefinitionVersionTag() == null
                && topic.getProcessVariables() == null
                && topic.getTenantIdIn() == null
                && !topic.isWithoutTenantId();
    }

    private static class Held {

        private final List<String> topics;
        private boolean begun;
        private boolean ended;

        Held(List<String> topics) {
            this.topics = topics;
        }

        synchronized void begin() {
            if (!ended) {
                begun = true;
                topics.forEach(topic -> COUNTS.merge(topic, 1, Integer::sum));
                LOG.debug("A fetch waits for any task of {}", topics);
            }
        }

        synchronized void end() {
            if (begun && !ended) {
                topics.forEach(topic -> COUNTS.computeIfPresent(topic, (name, count) -> count == 1 ? null : count - 1));
            }
            ended = true;
        }
    }
}
