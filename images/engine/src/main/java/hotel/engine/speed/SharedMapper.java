package hotel.engine.speed;

import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.annotation.Priority;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.operaton.bpm.engine.rest.hal.Hal;
import org.operaton.bpm.engine.rest.mapper.JacksonConfigurator;

/** The REST API's mapper of JSON, made once: the engine's own resolver, which is asked after this one, makes one per request. */
@Priority(SharedMapper.FIRST)
@Produces({MediaType.APPLICATION_JSON, Hal.APPLICATION_HAL_JSON})
public class SharedMapper extends JacksonConfigurator {

    static final int FIRST = 1;

    private final ObjectMapper mapper = super.getContext(ObjectMapper.class);

    @Override
    public ObjectMapper getContext(Class<?> type) {
        return mapper;
    }
}
